"""The Jellyfin backend, for servers from 10.8 on."""

from msd.backends.jellyfin.spec import SPEC

__all__ = ["SPEC"]
