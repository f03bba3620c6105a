"""Which path a server version has for what; the user-scoped ones are those of before 10.9."""

import re

import msgspec

Version = tuple[int, ...]

_UNSCOPED: Version = (10, 9)
_SEGMENTS: Version = (10, 10)
_STALE_DETAILS: Version = (12,)


def version_of(text: str) -> Version:
    """Return the leading numbers of a version, (10, 11, 2) for "10.11.2"; () for none."""
    match = re.match(r"\d{1,6}(\.\d{1,6}){0,3}", text, re.ASCII)
    return tuple(int(number) for number in match[0].split(".")) if match else ()


class Routes(msgspec.Struct, frozen=True, kw_only=True):
    """The paths of one server version, seen by one user."""

    version: Version
    user_id: str

    @property
    def views(self) -> str:
        """The user's libraries."""
        if self.version >= _UNSCOPED:
            return "/UserViews"
        return f"/Users/{self.user_id}/Views"

    def item(self, remote_id: str) -> str:
        """One item with all its details."""
        if self.version >= _UNSCOPED:
            return f"/Items/{remote_id}"
        return f"/Users/{self.user_id}/Items/{remote_id}"

    def ancestors(self, remote_id: str) -> str:
        """What an item lies in, the nearest first."""
        return f"/Items/{remote_id}/Ancestors"

    def parts(self, remote_id: str) -> str:
        """The further files of a film, in order."""
        return f"/Videos/{remote_id}/AdditionalParts"

    def trailers(self, remote_id: str) -> str:
        """The trailers of an item on the server."""
        return f"{self.item(remote_id)}/LocalTrailers"

    def extras(self, remote_id: str) -> str:
        """Deleted scenes, interviews and the like of an item."""
        return f"{self.item(remote_id)}/SpecialFeatures"

    def themes(self, remote_id: str) -> str:
        """Songs and videos that are played while an item is looked at."""
        return f"/Items/{remote_id}/ThemeMedia"

    def lyrics(self, remote_id: str) -> str | None:
        """The words of a track; None where the server has no such thing."""
        return f"/Audio/{remote_id}/Lyrics" if self.version >= _UNSCOPED else None

    def playlist(self, remote_id: str) -> str:
        """The entries of a playlist, in order."""
        return f"/Playlists/{remote_id}/Items"

    def segments(self, remote_id: str) -> str | None:
        """Intro, credits and the like of an item; None where the server has no such thing."""
        return f"/MediaSegments/{remote_id}" if self.version >= _SEGMENTS else None

    @property
    def lists_begun_versions(self) -> bool:
        """Whether a begun second version of a film is on a list, under its own id."""
        return self.version >= _STALE_DETAILS
