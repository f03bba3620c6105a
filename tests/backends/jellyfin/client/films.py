"""The films of the simulated server, as it has them and as they are listed."""

from msd.models import ItemType
from tests.support.listings import listing_of

MOVIES = "Filme & Kino"
LISTS = "^/Items$"


def movies(sim):
    """Return the films of the library `MOVIES`, as the server has them."""
    return sim.world.in_library(sim.world.library(MOVIES).id, "Movie")


async def movie_pages(backend):
    """Return the pages of their listing."""
    listing = await listing_of(backend, MOVIES, ItemType.MOVIE)
    return [page async for page in backend.pages(listing)]


def first_request(sim):
    """Return the query of the first request for a list."""
    return sim.log.matching("/Items")[0].query
