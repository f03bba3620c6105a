"""Images: anonymous, the tag is only a cache key."""

from __future__ import annotations

import base64

from tests.simulators.jellyfin.answers.fields import IMAGE_TYPES
from tests.simulators.jellyfin.service.http import Response, json_reply, validation_problem
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call

# One grey pixel.
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


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
    return Response(body=_PNG, content_type="image/png", headers=[*caching, ("Vary", "Accept")])
