"""Images: anonymous, the tag is only a cache key."""

from __future__ import annotations

from tests.simulators.http.pictures import picture
from tests.simulators.jellyfin.answers.fields import IMAGE_TYPES
from tests.simulators.jellyfin.service.http import Response, json_reply, validation_problem
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call

_SHAPES = {
    "Episode": "wide",
    "Video": "wide",
    "MusicVideo": "wide",
    "MusicAlbum": "square",
    "MusicArtist": "square",
    "Audio": "square",
}


@router.route("GET", "HEAD", "/Items/{id}/Images/{kind}", anonymous=True)
@router.route("GET", "HEAD", "/Items/{id}/Images/{kind}/{index}", anonymous=True)
def get_image(call: Call) -> Response:
    """Serve an image of an item or a library."""
    if call.parts["kind"].lower() not in IMAGE_TYPES:
        return validation_problem("imageType", "The value is not valid.")
    item_id = call.guid("id")
    if item_id not in call.world.items and item_id not in call.world.libraries:
        return json_reply("Item not found", 404)
    tag = call.request.query.text("tag")
    if tag and call.state.version.rank >= (12, 0):
        if call.request.header("if-none-match") == f'"{tag}"':
            return Response(status=304)
        caching = [("Cache-Control", "public, max-age=31536000, immutable"), ("ETag", f'"{tag}"')]
    else:
        caching = [("Cache-Control", "public, max-age=31536000" if tag else "public")]
    wanted = call.request.query.text("format")
    kind = "WEBP" if (wanted or "").lower() == "webp" else "JPEG"
    name = f"{item_id}/{call.parts['kind']}/{tag}"
    body = picture(
        _shape(call, item_id), name, width=call.request.query.integer("maxWidth"), kind=kind
    )
    headers = [*caching, ("Vary", "Accept")]
    return Response(body=body, content_type=f"image/{kind.lower()}", headers=headers)


def _shape(call: Call, item_id: str) -> str:
    kind = call.parts["kind"].lower()
    if kind != "primary":
        return "logo" if kind == "logo" else "wide"
    item = call.world.items.get(item_id)
    return _SHAPES.get(item.type if item else "", "poster")
