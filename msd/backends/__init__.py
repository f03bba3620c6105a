"""One folder per backend; `discover` finds them, nothing else names them."""

from msd.backends.discovery import discover

__all__ = ["discover"]
