"""The route that scales pictures."""

from __future__ import annotations

import re

from tests.simulators.http.message import Response
from tests.simulators.http.pictures import picture
from tests.simulators.plex.errors import refuse

from .call import Call, route

_OWN = re.compile(
    r"/(?:library/(?:metadata|collections)|playlists)/(?P<key>\d+)"
    r"/(?:thumb|art|banner|composite|clearLogo)/\d+.*"
    # The server fetches these itself.
    r"|https://metadata-static\.plex\.tv/people/\d+\.jpg"
)


@route("GET", "/photo/:/transcode")
def transcode(call: Call) -> Response:
    """A picture of the server, no larger than the box that is asked for."""
    url = call.query.text("url") or ""
    own = _OWN.fullmatch(url)
    if own is None or not (url.startswith("https:") or int(own["key"]) in call.world.items):
        refuse(404)
    width = call.query.number("width")
    if width is None:
        refuse(400)
    kind = "PNG" if call.query.text("format") == "png" else "JPEG"
    shape = (
        "logo" if "/clearLogo/" in url else "wide" if re.search("/(art|banner)/", url) else "poster"
    )
    body = picture(shape, url, width=width, kind=kind)
    return Response(body=body, content_type=f"image/{kind.lower()}")
