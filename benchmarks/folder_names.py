"""Count how many names of each kind the folder backend reads rightly.

    python -m benchmarks.folder_names

Every name is alone in a library of shows or of films, which is catalogued as in a sync; what is
counted is the resulting show, season and numbers, or title and year.
"""

from collections.abc import Iterator

from tests.backends.local.names.kinds import EPISODES, FILMS
from tests.backends.local.names.reading import read_episode, read_film


def results() -> Iterator[tuple[str, str, tuple[object, ...], tuple[object, ...]]]:
    """Yield kind, path, what is right, and what was read."""
    for kind, episodes in EPISODES.items():
        for path, *right in episodes:
            yield kind, path, tuple(right), read_episode(path)
    for kind, films in FILMS.items():
        for path, *named in films:
            yield kind, path, tuple(named), read_film(path)


def main() -> None:
    """Print the rate of each kind and every name that is read wrongly."""
    rates: dict[str, list[bool]] = {}
    for kind, path, right, read in results():
        rates.setdefault(kind, []).append(right == read)
        if right != read:
            print(f"  wrong: {path}: {read}, not {right}")
    for kind, answers in rates.items():
        print(f"{sum(answers):4} of {len(answers):4}  {kind}")
    total = [answer for answers in rates.values() for answer in answers]
    print(f"{sum(total):4} of {len(total):4}  in all")


if __name__ == "__main__":
    main()
