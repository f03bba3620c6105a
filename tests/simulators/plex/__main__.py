"""Run a plex.tv and a media server as a command: prints where they are, then serves.

The first line of the output is the media server's address, the second its access token, the
third the address of plex.tv; what follows is for people.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys

from .doors import Door
from .generate import make_world
from .item import Kind
from .members import Shape
from .plextv import PlexTv
from .query import Query
from .server import PlexServer

_GUIDE = """
Sign in at plex.tv ({tv}):
  account token of {user}: {account}
  or begin a PIN and approve it as {user}:
    curl -sX POST '{tv}/api/v2/pins?strong=true' -H 'Accept: application/json' \\
      -H 'X-Plex-Client-Identifier: me'
    curl -sX PUT '{tv}/api/v2/pins/link' -H 'X-Plex-Client-Identifier: me' \\
      -H 'X-Plex-Token: {account}' -d code=CODE
Ask the media server ({pms}):
    curl -s '{pms}/library/sections' -H 'Accept: application/json' -H 'X-Plex-Token: {token}'
Its https addresses have certificates of {ca}."""


def main() -> None:
    """Serve a generated world."""
    options = _options()
    world = make_world(options.items, seed=options.seed)
    doors = [Door(secure=False), Door()]
    with PlexServer(world, doors=doors) as server, PlexTv() as tv:
        user = tv.add_user(options.user, password=options.password)
        tv.publish(server, user)
        for query in options.warm:
            _warm(server, Query(query))
        # What was generated never becomes garbage: keep the collector from walking it.
        gc.collect()
        gc.freeze()
        print(server.url, server.token, tv.url, sep="\n")
        print(
            _GUIDE.format(
                tv=tv.url,
                pms=server.url,
                user=user.name,
                account=tv.token(user),
                token=server.token,
                ca=server.ca_file,
            ),
            flush=True,
        )
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


def _warm(server: PlexServer, query: Query) -> None:
    """Render every row of one shape beforehand, so that a measurement is not of rendering."""
    kinds = [Kind(query.number("type") or 0)] if query.text("type") else list(Kind)
    items = server.world.of_kind(*kinds)
    server.state.rows.of(items, Shape.asked(query), server.owner.account_id)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.plex")
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--user", default="alice")
    parser.add_argument("--password", default="secret")
    parser.add_argument(
        "--warm",
        action="append",
        default=[],
        metavar="QUERY",
        help="render all rows of this shape first, like 'type=4&includeGuids=1'",
    )
    return parser.parse_args()


if __name__ == "__main__":
    # Blocked in every thread, so that the main thread's sigwait gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
    sys.exit(0)
