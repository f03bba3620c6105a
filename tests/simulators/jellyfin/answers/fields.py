"""Which members of an item a list shows: the `fields` parameter and the image switches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tests.simulators.jellyfin.answers.query import Query, by_lower_name
from tests.simulators.jellyfin.service.versions import ServerVersion

ITEM_FIELDS = by_lower_name(
    "AirTime CanDelete CanDownload ChannelInfo Chapters Trickplay ChildCount "
    "CumulativeRunTimeTicks CustomRating DateCreated DateLastMediaAdded DisplayPreferencesId "
    "Etag ExternalUrls Genres ItemCounts MediaSourceCount MediaSources OriginalTitle Overview "
    "ParentId Path People PlayAccess ProductionLocations ProviderIds PrimaryImageAspectRatio "
    "RecursiveItemCount Settings SeriesStudio SortName SpecialEpisodeNumbers Studios Taglines "
    "Tags RemoteTrailers MediaStreams SeasonUserData DateLastRefreshed DateLastSaved "
    "RefreshState ChannelImage EnableMediaSourceDisplay Width Height ExtraIds "
    "LocalTrailerCount IsHD SpecialFeatureCount"
)
# The members a field brings, where they are not called like the field.
_BRINGS = {
    "Genres": ("Genres", "GenreItems"),
    "SpecialEpisodeNumbers": (
        "AirsBeforeSeasonNumber",
        "AirsAfterSeasonNumber",
        "AirsBeforeEpisodeNumber",
    ),
    "Settings": ("LockedFields", "LockData"),
    "DateLastSaved": (),
    "DateLastRefreshed": (),
    "RefreshState": (),
    "SeasonUserData": (),
    "ItemCounts": (),
}
_ALL = frozenset(ITEM_FIELDS.values())
GATED_MEMBERS = frozenset(
    member for name in _ALL for member in _BRINGS.get(name, (name,)) if name != "AirTime"
)
IMAGE_TYPES = by_lower_name(
    "Primary Art Backdrop Banner Logo Thumb Disc Box Screenshot Menu Chapter BoxRear Profile"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which members a row has. Rows of one shape are cached together."""

    fields: frozenset[str]
    series: str
    images: bool = True
    image_limit: int | None = None
    image_types: frozenset[str] | None = None

    @classmethod
    def asked(cls, query: Query, version: ServerVersion) -> Shape:
        """Return the shape a list request asks for."""
        types = query.members("enableImageTypes", IMAGE_TYPES)
        return cls(
            fields=frozenset(query.members("fields", ITEM_FIELDS)),
            series=version.series,
            images=query.boolean("enableImages") is not False,
            image_limit=query.integer("imageTypeLimit"),
            image_types=frozenset(types) if types else None,
        )

    @classmethod
    def everything(cls, version: ServerVersion) -> Shape:
        """Return the shape of a single item's own page, where `fields` is ignored."""
        return cls(fields=_ALL - {"SeasonUserData", "RefreshState"}, series=version.series)

    @property
    def hidden(self) -> frozenset[str]:
        """Return the members this shape leaves out."""
        return _hidden(self.fields)


@cache
def _hidden(fields: frozenset[str]) -> frozenset[str]:
    shown = {member for name in fields for member in _BRINGS.get(name, (name,))}
    return GATED_MEMBERS - shown
