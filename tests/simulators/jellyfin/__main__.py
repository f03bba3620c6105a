"""Run the simulator as a command: prints its address, then serves until interrupted."""

from __future__ import annotations

import argparse
import gc
import signal
import sys

from tests.simulators.jellyfin.answers.fields import Shape
from tests.simulators.jellyfin.answers.query import Query
from tests.simulators.jellyfin.service.server import JellyfinSimulator
from tests.simulators.jellyfin.service.state import ServerState
from tests.simulators.jellyfin.service.versions import VERSIONS
from tests.simulators.jellyfin.world.generate import make_world


def main() -> None:
    """Serve a generated world."""
    options = _options()
    world = make_world(
        options.items, seed=options.seed, user=options.user, password=options.password
    )
    simulator = JellyfinSimulator(
        world, version=options.version, port=options.port, base_path=options.base_path
    )
    simulator.service.compresses = not options.no_compression
    for shape in options.warm:
        _warm(simulator.state, shape, options.user)
    # What was generated never becomes garbage: keep the collector from walking it.
    gc.collect()
    gc.freeze()
    with simulator:
        print(simulator.url, flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


def _warm(state: ServerState, query: str, user: str) -> None:
    """Render every row of one shape beforehand, so that a measurement is not of rendering."""
    shape = Shape.asked(Query(query), state.version)
    items = list(state.world.items.values())
    state.rows.parts(items, shape, state.version, state.world.user(user))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.jellyfin")
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--version", choices=list(VERSIONS), default="10.11")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--user", default="alice")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--base-path", default="")
    parser.add_argument("--no-compression", action="store_true")
    parser.add_argument(
        "--warm",
        action="append",
        default=[],
        metavar="QUERY",
        help="render all rows of this shape first, like 'fields=Etag,Genres&imageTypeLimit=1'",
    )
    return parser.parse_args()


if __name__ == "__main__":
    # Blocked in every thread, so that the main thread's sigwait gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
    sys.exit(0)
