"""Pictures of a Plex Media Server, scaled by it (docs/protocols/plex.md, Pictures)."""

from msd.backend_api.artwork import MOST_PICTURE_BYTES, Picture
from msd.backends.plex.connect.client import PlexClient
from msd.backends.plex.parse.images import person_ref
from msd.errors import BadResponseError

QUALITY = 90
_TALLEST = 2  # times its width: posters are 1.5, banners far below


async def read_picture(client: PlexClient, ref: str, width: int) -> Picture | None:
    """Return the picture of a ref such as `/library/metadata/41/thumb/1700000000`.

    Pictures of people lie on a public server of Plex's. The media server fetches and scales them,
    so that msd talks to no other host.

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
    try:
        answer = await client.get_or_none("/photo/:/transcode", parameters)
    except BadResponseError:  # 400: the server can't read the picture
        return None
    if answer is None or len(answer.body) > MOST_PICTURE_BYTES:
        return None
    return Picture(content=answer.body)
