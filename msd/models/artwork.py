"""Pictures of items, as the bus asks for them."""

from enum import StrEnum

from msgspec import Struct

from msd.models.ids import SourceId


class ArtworkKind(StrEnum):
    """What a picture shows and how it is shaped."""

    POSTER = "poster"  # upright for films and shows, square for music
    BACKDROP = "backdrop"  # wide, without text
    THUMB = "thumb"  # wide: a still of an episode, a landscape picture with text
    LOGO = "logo"  # the title as a picture with transparent parts
    BANNER = "banner"  # very wide and low


class PictureRef(Struct, frozen=True):
    """Where a picture comes from: a source, and the `Image.ref` that its backend understands."""

    source_id: SourceId
    ref: str
