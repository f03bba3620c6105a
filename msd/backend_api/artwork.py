"""Pictures of items: what a backend offers beside `MediaBackend` when its source has any."""

from typing import Protocol, runtime_checkable

from msgspec import Struct

MOST_PICTURE_BYTES = 16 << 20


class Picture(Struct, frozen=True, kw_only=True):
    """A picture as the source gave it; it is checked and scaled before anybody sees it."""

    content: bytes

    def __repr__(self) -> str:
        return f"Picture({len(self.content)} bytes)"


@runtime_checkable
class HasArtwork(Protocol):
    """A backend that gives the pictures that its items name."""

    async def picture(self, ref: str, *, width: int) -> Picture | None:
        """Return the picture that an `Image.ref` of an item or a `Person.image` stands for.

        A ref names one content: a picture that was replaced has another ref. None is remembered
        for days, so it must be the source's own word: a proxy that answers in its place, a disk
        that is away and a picture that is late are errors.

        Args:
            ref: as the item has it; other texts give None.
            width: the width in pixels that is wanted. A server that can scale sends at most
                that; a larger picture is scaled by msd.

        Returns:
            The picture, at most `MOST_PICTURE_BYTES` long; None when the source has none, or
            one that is larger.

        Raises:
            BackendError: the source can't be asked now.
        """
