"""msd, the Media Source Daemon: every media source of one desktop user on the session D-Bus."""

import sys

__version__ = "0.1.0"

# httpx imports its command line, and with it click, pygments and rich, wherever these happen to be
# installed: 6 MB of the daemon and of each worker. A module that is None counts as missing.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
