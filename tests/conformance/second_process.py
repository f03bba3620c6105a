"""Enumerate a source in a process of its own and print the fingerprint of every row.

The request comes as JSON on standard input. `python -m tests.conformance.second_process` is what
a conformance test runs: Python keys its `hash` of strings anew in each process.
"""

import subprocess
import sys
from contextlib import aclosing
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import anyio
import msgspec

from msd.backend_api import BackendContext, BackendSpec, Credentials, MediaBackend
from msd.backends import discover
from msd.models import Source

ROOT = Path(__file__).resolve().parents[2]


class Order(msgspec.Struct, frozen=True):
    """Which source is to be enumerated, and by which backend."""

    source: Source
    user_id: str
    token: str
    device_id: str
    cache_dir: str
    module: str = ""  # the file of a backend that is not installed


Fingerprints = dict[str, int]
"""By `library/type/remote id`."""


def load_backend(module: Path) -> BackendSpec:
    """Return the SPEC of a backend that is a file."""
    found = spec_from_file_location("backend_from_file", module)
    assert found is not None
    assert found.loader is not None
    loaded = module_from_spec(found)
    sys.modules[found.name] = loaded  # msgspec resolves annotations there
    found.loader.exec_module(loaded)
    spec = loaded.SPEC
    assert isinstance(spec, BackendSpec)
    return spec


async def fingerprints(backend: MediaBackend) -> Fingerprints:
    """Return the fingerprint of every row that a backend lists."""
    found: Fingerprints = {}
    for library in await backend.libraries():
        for listing in backend.listings(library):
            async with aclosing(backend.pages(listing)) as pages:
                async for page in pages:
                    place = f"{library.remote_id}/{listing.type}"
                    found |= {f"{place}/{row.remote_id}": row.fingerprint for row in page.items}
    return found


async def in_another_process(context: BackendContext, module: Path | None) -> Fingerprints:
    """Return the same as another process sees it."""
    credentials = context.credentials or Credentials(user_id="", token="")
    order = Order(
        source=context.source,
        user_id=credentials.user_id,
        token=credentials.token,
        device_id=context.device_id,
        cache_dir=str(context.cache_dir),
        module=str(module or ""),
    )
    done = await anyio.run_process(
        [sys.executable, "-m", __name__],
        input=msgspec.json.encode(order, enc_hook=dict),
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    return msgspec.json.decode(done.stdout, type=Fingerprints)


async def main() -> None:
    """Do what standard input asks for."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    spec = load_backend(Path(order.module)) if order.module else discover()[order.source.kind]
    signed_in = Credentials(user_id=order.user_id, token=order.token)
    backend = spec.open(
        BackendContext(
            source=order.source,
            credentials=signed_in if order.token else None,
            device_id=order.device_id,
            client_name="msd",
            client_version="0",
            device_name="conformance",
            cache_dir=Path(order.cache_dir),
        )
    )
    try:
        sys.stdout.buffer.write(msgspec.json.encode(await fingerprints(backend)))
    finally:
        await backend.aclose()


if __name__ == "__main__":
    anyio.run(main)
