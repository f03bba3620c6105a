"""A server, or something in its place, answers oddly when it is asked for a picture."""

import re

import anyio
import pytest

from msd.backend_api import MediaBackend
from msd.backend_api.artwork import HasArtwork
from msd.errors import BackendError
from tests.conformance.conftest import Added
from tests.conformance.harness import Harness, JellyfinHarness, PlexHarness
from tests.conformance.test_artwork import WIDTH, some_images
from tests.simulators.http import faults
from tests.simulators.http.faults import FaultScript, Trouble
from tests.simulators.http.message import Response
from tests.simulators.jellyfin import JellyfinSimulator
from tests.simulators.plex import PlexServer

pytestmark = pytest.mark.anyio

PICTURES = r"/Images/|/photo/:/transcode"
JPEG_HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF"


def huge() -> Trouble:
    """A picture that doesn't end, of a server that says nothing of its length."""
    return Trouble(endless=b"\0" * 65536, endless_start=JPEG_HEAD)


def packed(encoding: str) -> Trouble:
    """A portal's page, packed as nobody asked for it or broken."""
    page = faults.html_reply(faults.PORTAL_PAGE, 200)
    page.headers.append(("Content-Encoding", encoding))
    return Trouble(instead=page)


def endless_page() -> Trouble:
    """A portal's page that is larger than any picture."""
    page = faults.html_reply(faults.PORTAL_PAGE, 200)
    return Trouble(instead=page, endless=b" " * 65536, endless_start=b"<html>")


def proxy(code: int) -> Trouble:
    page = faults.html_reply(f"<html><h1>{code}</h1></html>", code)
    page.is_foreign = True
    return Trouble(instead=page)


@pytest.fixture
def simulator(harness: Harness) -> JellyfinSimulator | PlexServer:
    match harness:
        case JellyfinHarness():
            return harness.simulator
        case PlexHarness():
            return harness.server
    pytest.skip("this kind of source has no server")


@pytest.fixture
def script(simulator: JellyfinSimulator | PlexServer) -> FaultScript:
    return simulator.faults


@pytest.fixture
def gallery(backend: MediaBackend, script: FaultScript) -> HasArtwork:
    assert isinstance(backend, HasArtwork)
    return backend


@pytest.mark.parametrize(
    "trouble",
    [
        *(proxy(code) for code in (200, 302, 400, 403, 404, 405, 502, 504)),
        *(faults.status(code) for code in (429, 500, 503)),
        faults.captive_portal(),
        faults.cut_after(350),
        Trouble(instead=Response(body=b'{"Items": []}', content_type="application/json")),
        packed("br"),
        packed("gzip"),
        endless_page(),
    ],
    ids=[
        *("proxy 200", "proxy 302", "proxy 400", "proxy 403", "proxy 404", "proxy 405"),
        *("proxy 502", "proxy 504", "429", "500", "503", "portal", "cut", "json"),
        *("not asked for", "not unpackable", "endless page"),
    ],
)
async def test_what_is_no_answer_about_a_picture_is_an_error(
    backend: MediaBackend, gallery: HasArtwork, script: FaultScript, trouble: Trouble
) -> None:
    """Absence is remembered for days: a proxy or a portal must not make it up."""
    image = (await some_images(backend))[0]
    script.add(PICTURES, trouble)

    with pytest.raises(BackendError):
        await gallery.picture(image.ref, width=WIDTH)


async def test_what_the_server_does_not_have_is_absent(
    harness: Harness, gallery: HasArtwork
) -> None:
    """Its own 404, in its own form."""
    gone = {"jellyfin": f"Primary:tag:{'9' * 32}", "plex": "/library/metadata/9999999/thumb/1"}

    assert await gallery.picture(gone[harness.spec.kind], width=WIDTH) is None


async def test_an_endless_picture_is_none(
    backend: MediaBackend, gallery: HasArtwork, script: FaultScript
) -> None:
    """It is given up at 16 MiB, which no picture of the wanted width needs (K5)."""
    image = (await some_images(backend))[0]
    script.add(PICTURES, huge())

    with anyio.fail_after(60):
        assert await gallery.picture(image.ref, width=WIDTH) is None


async def test_pictures_are_asked_for_as_they_are_shown(
    added: Added,
    backend: MediaBackend,
    gallery: HasArtwork,
    simulator: JellyfinSimulator | PlexServer,
) -> None:
    """A width, a quality (else servers send more than the original), no condition, no token."""
    image = (await some_images(backend))[0]

    assert await gallery.picture(image.ref, width=WIDTH) is not None

    (request,) = [r for r in simulator.log.requests if re.search(PICTURES, r.path)]
    assert "quality=90" in request.query
    assert f"idth={WIDTH}" in request.query
    assert request.header("if-none-match") is None
    assert request.header("if-modified-since") is None
    assert not [secret for secret in added.harness.secrets if secret in request.query]
