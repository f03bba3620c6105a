"""Pictures of a Plex Media Server, scaled by it (docs/protocols/plex.md, Pictures)."""

import httpx

from msd.backend_api.artwork import MOST_PICTURE_BYTES, Picture
from msd.backend_api.http.status import not_a_media_server
from msd.backends.plex.connect.client import FORM, PlexClient
from msd.backends.plex.parse.images import person_ref

QUALITY = 90
_TRANSCODER = "/photo/:/transcode"
_ABSENT = frozenset({httpx.codes.NOT_FOUND, httpx.codes.BAD_REQUEST})  # 400: it can't be read
_TALLEST = 2  # times its width: posters are 1.5, banners far below


async def read_picture(client: PlexClient, ref: str, width: int) -> Picture | None:
    """Return the picture of a ref such as `/library/metadata/41/thumb/1700000000`.

    Pictures of people lie on a public server of Plex's. The media server fetches and scales them,
    so that msd talks to no other host.

    A proxy or portal that answers in the server's place says nothing about pictures.

    Raises:
        BackendError: as every request.
    """
    if not ref or person_ref(ref) != ref:
        return None
    parameters: dict[str, str | int] = {
        "url": ref,
        "width": width,
        "height": width * _TALLEST,
        "minSize": 0,
        "upscale": 0,
        "quality": QUALITY,
        "format": "png" if "clearLogo" in ref else "jpeg",
    }
    answer = await client.answer(_TRANSCODER, parameters, max_bytes=MOST_PICTURE_BYTES)
    if answer.status in _ABSENT and FORM.is_own_refusal(answer):
        return None
    await client.raise_for_status(answer, _TRANSCODER)
    if not answer.media_type.startswith("image/"):
        raise not_a_media_server("the address answers, but not with a picture")
    return None if answer.is_cut else Picture(content=answer.body)  # larger than any picture
