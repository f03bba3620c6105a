"""The Plex backend: plex.tv accounts and the media servers that they reach."""

from msd.backends.plex.spec import SPEC

__all__ = ["SPEC"]
