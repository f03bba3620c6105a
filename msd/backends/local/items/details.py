"""The details of one item: its files, parts and extras, and how it was decided what it is."""

from typing import Any

from msd.backends.local.catalogue.entries import Entry, FileRef, Group, Leaf
from msd.backends.local.catalogue.extras import stem_of
from msd.backends.local.catalogue.remote_ids import file_id
from msd.backends.local.evidence import Claim, Evidence, decision, strongest
from msd.backends.local.files.file_kind import split_name
from msd.backends.local.files.nfo import Nfo
from msd.backends.local.files.opening import open_media
from msd.backends.local.files.probe import Technical, probe
from msd.backends.local.files.walk import join
from msd.backends.local.items.extras import extras_of
from msd.backends.local.items.lyrics import track_lyrics
from msd.backends.local.items.opened_by import mime_of, path_or_uri
from msd.backends.local.names.films import film_name
from msd.backends.local.scanning.scan import Scan
from msd.models import (
    Decision,
    ItemDetails,
    ItemType,
    MediaItem,
    MediaSource,
    MediaStream,
    Part,
)

_NO_MEDIA = Technical(is_media=False)


def details_of(
    scan: Scan, entry: Entry, item: MediaItem, nfo: Nfo, first: Technical | None = None
) -> ItemDetails:
    """Return the details of an entry; reads its files.

    Args:
        scan: which the entry is of.
        entry: the leaf or group.
        item: what was made of it.
        nfo: its NFO file; its people have their pictures.
        first: what is known of the first file of a leaf.
    """
    decisions = _decisions(entry, item, nfo)
    extras = extras_of(scan, entry)
    if isinstance(entry, Group):
        return ItemDetails(
            people=nfo.people,
            extras=tuple(extra for extra in extras if extra.kind != "trailer"),
            trailers=tuple(extra for extra in extras if extra.kind == "trailer"),
            decisions=decisions,
        )
    sources = _media_sources(scan, entry, first or _NO_MEDIA)
    return ItemDetails(
        people=nfo.people,
        media_sources=sources,
        markers=first.chapters if first is not None else (),
        parts=_parts(entry, sources),
        lyrics=track_lyrics(scan, entry) if item.has_lyrics else (),
        extras=tuple(extra for extra in extras if extra.kind != "trailer"),
        trailers=tuple(extra for extra in extras if extra.kind == "trailer"),
        decisions=decisions,
    )


def _media_sources(scan: Scan, leaf: Leaf, first: Technical) -> tuple[MediaSource, ...]:
    found = []
    for ref in leaf.files:
        technical = first if ref is leaf.first else _probe(scan, ref)
        if technical.is_media or ref is leaf.first:
            found.append(_media_source(scan, ref, technical))
    return tuple(found)


def _media_source(scan: Scan, ref: FileRef, technical: Technical) -> MediaSource:
    subtitles: tuple[MediaStream, ...] = scan.sidecars(ref.folder).subtitles(
        ref.entry, first=len(technical.streams)
    )
    name = film_name(stem_of(ref.entry))
    return MediaSource(
        remote_id=file_id(ref.path),
        container=technical.container or _suffix(ref),
        path=path_or_uri(join(scan.root, ref.path)),
        size=ref.entry.size,
        bitrate=technical.bitrate,
        duration_ms=technical.duration_ms,
        streams=(*technical.streams, *subtitles),
        name=name.edition or name.version,
        mime=mime_of(ref.entry.name, ref.entry.kind),
        video_3d="3d" if name.is_3d else "",
    )


def _suffix(ref: FileRef) -> str:
    return split_name(ref.entry.name)[1][1:].decode("ascii", "replace")


def _probe(scan: Scan, ref: FileRef) -> Technical:
    try:
        with open_media(scan.root, ref.path) as file:
            return probe(file)
    except OSError:
        return _NO_MEDIA


def _parts(leaf: Leaf, sources: tuple[MediaSource, ...]) -> tuple[Part, ...]:
    """Return the parts of the first version, when it has several."""
    if len(leaf.versions[0]) < 2:  # noqa: PLR2004
        return ()
    known = {source.remote_id: source for source in sources}
    ids = [file_id(ref.path) for ref in leaf.versions[0]]
    return tuple(
        Part(remote_id=each, duration_ms=known[each].duration_ms, path=known[each].path)
        for each in ids
        if each in known
    )


# --- why ---------------------------------------------------------------------------------------


def _decisions(entry: Entry, item: MediaItem, nfo: Nfo) -> tuple[Decision, ...]:
    """Return how type, title, year, show and numbers were decided."""
    if isinstance(entry, Group):
        title = Claim(item.title, Evidence.NFO if nfo.title else entry.evidence, entry.origin)
        return tuple(filter(None, (decision("title", title),)))
    path = entry.path.decode("utf-8", "replace")
    by_name = entry.title_evidence
    claims: dict[str, Claim[Any] | None] = {
        "type": Claim(item.type.value, entry.evidence, path),
        "title": strongest(
            Claim(nfo.title or None, Evidence.NFO, path), Claim(item.title, by_name, path)
        ),
        "year": strongest(Claim(nfo.year, Evidence.NFO, path), Claim(item.year, by_name, path)),
        "ids": _claim_of_ids(entry, item, path),
        **_claims_of_place(entry, item, path),
    }
    found = (decision(subject, claim) for subject, claim in claims.items())
    return tuple(
        claimed for claimed in found if claimed is not None and claimed.value not in ("None", "")
    )


def _claim_of_ids(leaf: Leaf, item: MediaItem, path: str) -> Claim[str] | None:
    if not item.external_ids:
        return None
    in_name = leaf.name is not None and bool(leaf.name.ids)
    return Claim(", ".join(item.external_ids), Evidence.ID if in_name else Evidence.NFO, path)


def _claims_of_place(leaf: Leaf, item: MediaItem, path: str) -> dict[str, Claim[str]]:
    """Return what says to which show and season, or album and artist, an item belongs."""
    season = leaf.parent
    if leaf.type is not ItemType.EPISODE or season is None or season.parent is None:
        return {}
    show = season.parent
    number = Evidence.NFO if leaf.evidence is Evidence.NFO else Evidence.FILE_NAME
    claims = {
        "show": Claim(item.show_title, show.evidence, show.origin or path),
        "season": Claim(str(item.season_number), number, path),
    }
    if item.episode_number is not None:
        claims["episode"] = Claim(str(item.episode_number), number, path)
    return claims
