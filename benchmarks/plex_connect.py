"""How long it takes to reach a Plex Media Server of whose ten addresses nine are dead or hang.

    python benchmarks/plex_connect.py [--rounds 10]

Starts a simulated server with ten loopback addresses, https by names below plex.direct, and
connects as a source does: find the address, prove the identity, check the token. "Floor" are the
same two requests to the good address alone, with nothing to find. Figures vary with the machine;
compare the lines of one run.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from msd.backend_api import BackendContext, Credentials  # noqa: E402
from msd.backend_api.http.client import fetch, open_client  # noqa: E402
from msd.backends.plex.connect.connections import Candidate, config_of  # noqa: E402
from msd.backends.plex.connect.link import ServerLink  # noqa: E402
from msd.backends.plex.connect.plex_direct import DirectDialling  # noqa: E402
from msd.models import AccountId, BackendKind, Route, Source, SourceId  # noqa: E402
from tests.simulators.http.tls import TestAuthority  # noqa: E402
from tests.simulators.plex import Conduct, Door, PlexServer, make_world  # noqa: E402

OTHERS = 9
HANGING, REFUSING = Conduct.HANGING, Conduct.REFUSING
MIXED = [HANGING] * 5 + [REFUSING] * 4


@contextmanager
def trusted() -> Iterator[TestAuthority]:
    """Make a certificate authority that this process trusts."""
    authority = TestAuthority()
    os.environ["SSL_CERT_FILE"] = str(authority.ca_file)
    try:
        yield authority
    finally:
        authority.remove()


@contextmanager
def server(
    authority: TestAuthority, others: list[Conduct], *, local: bool = True, relay: bool = False
) -> Iterator[PlexServer]:
    """Run a server whose last address is the good one."""
    doors = [Door(host=f"127.0.0.{index + 2}", conduct=each) for index, each in enumerate(others)]
    good = Door(local=local, relay=relay)
    with PlexServer(make_world(10), doors=[*doors, good], authority=authority) as running:
        yield running


def context(running: PlexServer, address: str = "") -> BackendContext:
    """Return a source that knows the server's addresses, and maybe the one that worked last."""
    candidates = [Candidate(door.uri, route(door)) for door in running.doors]
    source = Source(
        id=SourceId("plex_0123456789ab"),
        kind=BackendKind("plex"),
        name="Server",
        account_id=AccountId("account"),
        server_id=running.machine_id,
        address=address,
        config=config_of(candidates),
    )
    return BackendContext(
        source=source,
        credentials=Credentials(user_id="1", token=running.token),
        device_id="0123456789abcdef0123456789abcdef",
        client_name="msd",
        client_version="0",
        device_name="benchmark",
        cache_dir=Path("/nonexistent"),
    )


def route(door: Door) -> Route:
    """Return how plex.tv says that an address is reached."""
    if door.relay:
        return Route.RELAY
    return Route.LOCAL if door.local else Route.REMOTE


async def connect(known: BackendContext, good: str) -> float:
    """Return the seconds from a new link to a connected one."""
    started = time.perf_counter()
    link = ServerLink(known)
    try:
        facts = await link.connect()
        took_s = time.perf_counter() - started
    finally:
        await link.aclose()
    assert facts.address == good, facts
    return took_s


async def floor(known: BackendContext, good: str) -> float:
    """Return the seconds of the two requests that a connected source has made."""
    assert known.credentials
    started = time.perf_counter()
    async with open_client(network=DirectDialling()) as http:
        for path in ("/identity", "/"):
            headers = {"X-Plex-Token": known.credentials.token}
            answer = await fetch(http, http.build_request("GET", good + path, headers=headers))
            assert json.loads(answer.body)
        return time.perf_counter() - started


def measured(
    rounds: int,
    call: Callable[[BackendContext, str], Awaitable[float]],
    known: BackendContext,
    good: str,
) -> list[float]:
    """Return the seconds of each round."""

    async def run() -> list[float]:
        await call(known, good)  # the first one imports and reads the certificates
        return [await call(known, good) for _ in range(rounds)]

    return asyncio.run(run())


def show(what: str, seconds: list[float]) -> None:
    """Print one line."""
    middle, most = statistics.median(seconds) * 1000, max(seconds) * 1000
    print(f"{what:<66}{middle:>9.0f} ms{most:>9.0f} ms")


def main() -> None:
    """Print how long each case takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    os.environ["MSD_PLEX_GDM"] = ""
    print(f"{'ten addresses; the other nine':<66}{'median':>12}{'most':>12}")
    with trusted() as authority:
        near_is_good(authority, rounds)
        far_is_good(authority, rounds)


def near_is_good(authority: TestAuthority, rounds: int) -> None:
    """Print the cases in which a near address works."""
    with server(authority, MIXED) as running:
        good, bad = running.doors[-1].uri, running.doors[0].uri
        cases = {
            "(floor: the two requests, nothing to find)": (floor, ""),
            "near one good, five hang, four refuse: cold": (connect, ""),
            "near one good, five hang, four refuse: remembered": (connect, good),
            "near one good, five hang, four refuse: the remembered one hangs": (connect, bad),
        }
        for what, (call, address) in cases.items():
            show(what, measured(rounds, call, context(running, address), good))


def far_is_good(authority: TestAuthority, rounds: int) -> None:
    """Print the cases in which only an address elsewhere or the relay works."""
    with server(authority, [HANGING] * OTHERS, local=False) as running:
        good = running.doors[-1].uri
        for what, address in (("cold", ""), ("remembered", good)):
            times = measured(rounds, connect, context(running, address), good)
            show(f"far one good, nine near ones hang: {what}", times)
    for what, others in (("nine refuse", [REFUSING] * OTHERS), ("five hang, four refuse", MIXED)):
        with server(authority, others, local=False, relay=True) as running:
            times = measured(rounds, connect, context(running), running.doors[-1].uri)
            show(f"relay good, {what}: cold", times)


if __name__ == "__main__":
    main()
