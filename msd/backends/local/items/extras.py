"""The extras of a film, show or season: trailers, scenes, theme songs and theme videos."""

from msd.backends.local.catalogue.entries import Entry, FileRef
from msd.backends.local.catalogue.extras import kind_of_extra, stem_of
from msd.backends.local.catalogue.remote_ids import file_id
from msd.backends.local.files.text import clean_title
from msd.backends.local.files.walk import join
from msd.backends.local.items.opened_by import mime_of, path_or_uri
from msd.backends.local.scanning.scan import Scan
from msd.models import Extra


def extras_of(scan: Scan, entry: Entry) -> tuple[Extra, ...]:
    """Return what belongs to an entry without being part of it."""
    return tuple(_extra(scan, ref) for ref in entry.extras)


def _extra(scan: Scan, ref: FileRef) -> Extra:
    return Extra(
        title=clean_title(stem_of(ref.entry)),
        kind=kind_of_extra(ref),
        remote_id=file_id(ref.path),
        path=path_or_uri(join(scan.root, ref.path)),
        mime=mime_of(ref.entry.name, ref.entry.kind),
    )
