"""msd, the Media Source Daemon: every media source of one desktop user on the session D-Bus."""

__version__ = "0.1.0"
