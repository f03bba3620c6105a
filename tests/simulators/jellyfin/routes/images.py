"""Images: anonymous, the tag is only a cache key."""

from __future__ import annotations

from tests.simulators.http.message import json_reply
from tests.simulators.http.pictures import picture
from tests.simulators.jellyfin.answers.fields import IMAGE_TYPES
from tests.simulators.jellyfin.answers.recorded_forms import absent
from tests.simulators.jellyfin.service.http import Response, not_found, validation_problem
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import Item
from tests.simulators.jellyfin.world.media import has_portrait, image_members, primary_ratio
from tests.simulators.jellyfin.world.wire import make_id
from tests.simulators.words import PEOPLE

_PORTRAITS = frozenset(make_id("Person", name) for name in PEOPLE if has_portrait(name))


@router.route("GET", "HEAD", "/Items/{id}/Images/{kind}", anonymous=True)
@router.route("GET", "HEAD", "/Items/{id}/Images/{kind}/{index}", anonymous=True)
def get_image(call: Call) -> Response:
    """Serve an image of an item or a library."""
    if call.parts["kind"].lower() not in IMAGE_TYPES:
        return validation_problem("imageType", "The value is not valid.")
    item_id = call.guid("id")
    item = call.world.items.get(item_id)
    if item is None and item_id not in _PORTRAITS | call.world.libraries.keys():
        return not_found()
    kind = call.parts["kind"].capitalize()
    if kind not in _kinds(item, item_id):
        return json_reply(f"Item {item_id} does not have an image of type {kind}", 404)
    tag = call.request.query.text("tag")
    if tag and call.state.version.rank >= (12, 0):
        if call.request.header("if-none-match") == f'"{tag}"':
            return Response(status=304)
        caching = [("Cache-Control", "public, max-age=31536000, immutable"), ("ETag", f'"{tag}"')]
    else:
        caching = [("Cache-Control", "public, max-age=31536000" if tag else "public")]
    wanted = call.request.query.text("format")
    form = "WEBP" if (wanted or "").lower() == "webp" else "JPEG"
    # What there is now, whatever tag was sent.
    name = f"{item_id}/{kind}/{item.replaced_pictures if item else 0}"
    width = call.request.query.integer("maxWidth")
    body = picture(_shape(item, kind), name, width=width, kind=form)
    headers = [*caching, ("Vary", "Accept")]
    return Response(body=body, content_type=f"image/{form.lower()}", headers=headers)


def _kinds(item: Item | None, item_id: str) -> frozenset[str]:
    if item is None:
        return frozenset({"Primary"} if item_id in _PORTRAITS else ())
    members = image_members(item) | (item.overrides or {})
    known = {name: value for name, value in members.items() if name not in absent(item)}
    backdrops = {"Backdrop"} if known.get("BackdropImageTags") else set()
    return frozenset({*(known.get("ImageTags") or {}), *backdrops})


def _shape(item: Item | None, kind: str) -> str:
    if kind != "Primary":
        return "logo" if kind == "Logo" else "wide"
    ratio = primary_ratio(item) if item else 2 / 3
    return "square" if ratio == 1 else "wide" if ratio > 1 else "poster"
