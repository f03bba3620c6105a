"""Pictures of a Jellyfin server, scaled by it (docs/protocols/jellyfin.md, Pictures)."""

import re

import httpx

from msd.backend_api.artwork import MOST_PICTURE_BYTES, Picture
from msd.backend_api.http.status import not_a_media_server
from msd.backends.jellyfin.client.client import JellyfinClient

# Without a quality the server encodes at 100 and sends more bytes than the original has.
QUALITY = 90
_REF = re.compile(r"([A-Z][A-Za-z]{2,15}):([0-9A-Za-z]{1,100}):([0-9a-f]{32})", re.ASCII)
_ABSENT = frozenset({httpx.codes.NOT_FOUND, httpx.codes.BAD_REQUEST})


async def read_picture(client: JellyfinClient, ref: str, width: int) -> Picture | None:
    """Return the picture of a ref such as `Primary:b32b932d:757a39b65638c283e3b46ed2fee826b8`.

    A proxy or portal that answers in the server's place says nothing about pictures.

    Raises:
        BackendError: as every request.
    """
    match = _REF.fullmatch(ref)
    if match is None:
        return None
    kind, tag, owner = match.groups()
    path = f"/Items/{owner}/Images/{kind}"
    parameters = {"tag": tag, "maxWidth": width, "quality": QUALITY, "format": "Webp"}
    answer = await client.answer(path, parameters, max_bytes=MOST_PICTURE_BYTES, may_be_cut=True)
    if answer.status in _ABSENT and answer.media_type.endswith("json"):
        return None
    await client.raise_for_status(answer, path)
    if not answer.media_type.startswith("image/"):
        raise not_a_media_server("the address answers, but not with a picture")
    return None if answer.is_cut else Picture(content=answer.body)  # larger than any picture
