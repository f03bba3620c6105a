"""Every media file is exactly one of: a file of an item, an extra of one, or a listed omission."""

import time
from collections import Counter
from threading import Event

import pytest

from msd.backends.local.catalogue.entries import LISTED_TYPES, Group, Leaf
from msd.backends.local.files.file_kind import MEDIA_KINDS, kind_of
from msd.backends.local.scanning.index import TagIndex
from msd.backends.local.scanning.omissions import omissions_of
from msd.backends.local.scanning.scan import scan_folder
from msd.models import ItemType
from tests.backends.local.cases.random_trees import random_tree
from tests.support.folders.list_folder import added_source

pytestmark = pytest.mark.anyio

TREES = 300


async def violations(root, cache, tree) -> list[str]:
    """Return what is wrong with what the backend makes of a tree."""
    for path in tree:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())
    source = await added_source(str(root))
    index = TagIndex(cache)
    try:
        scan = scan_folder(source, {}, index, Event())
        entries = [
            entry
            for part in scan.parts
            for kind in LISTED_TYPES
            for entry in scan.entries(part, kind)
        ]
        omissions = omissions_of(scan)
    finally:
        index.close()
    return [*wrong_files(tree, entries, omissions), *wrong_titles(tree, entries)]


def files_of(entry) -> list[str]:
    refs = entry.all_files if isinstance(entry, Leaf) else entry.extras
    return [ref.path.decode() for ref in refs]


def wrong_files(tree, entries, omissions) -> list[str]:
    """Files that are nowhere, twice, or never were."""
    media = {path for path in tree if kind_of(path.encode()) in MEDIA_KINDS}
    in_items = Counter(path for entry in entries for path in files_of(entry))
    places = [omission.place for omission in omissions]
    found = []
    for path in media:
        told = sum(path == place or path.startswith(f"{place}/") for place in places)
        if in_items[path] + told != 1:
            found.append(f"{path} is in {in_items[path]} items and {told} omissions")
    return found + [f"{path} never was" for path in in_items if path not in media]


def wrong_titles(tree, entries) -> list[str]:
    """Items that have files of several titles, and ids that two items have."""
    found = []
    ids = Counter((entry.type, entry.remote_id) for entry in entries)
    found += [f"{key} occurs {count} times" for key, count in ids.items() if count > 1]
    for entry in entries:
        titles = {tree[path] for path in files_of(entry)}
        if len(titles) > 1:
            found.append(f"{entry.remote_id} has files of {titles}")
    for show, titles in titles_of_shows(tree, entries).items():
        if len(titles) > 1:
            found.append(f"{show} has episodes of {titles}")
    return found


def titles_of_shows(tree, entries) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in entries:
        if isinstance(entry, Leaf) and entry.type is ItemType.EPISODE:
            *_, show = entry.groups
            assert isinstance(show, Group)
            titles = found.setdefault(show.remote_id, set())
            titles |= {tree[path] for path in files_of(entry)}
    return found


@pytest.mark.parametrize("seed", range(40))
async def test_the_files_of_a_random_tree_are_those_of_items_and_omissions(seed, root, cache):
    """No file vanishes, none is in two items, no item has a file of another title."""
    assert [] == await violations(root, cache, random_tree(seed))


@pytest.mark.slow
async def test_many_random_trees(tmp_path_factory, capsys):
    """The same for more trees, from a seed that is new each day and printed."""
    first = int(time.time()) // 86_400 * TREES
    files = 0
    for seed in range(first, first + TREES):
        base = tmp_path_factory.mktemp(f"tree-{seed}")
        (base / "root").mkdir()
        tree = random_tree(seed)
        files += len(tree)
        assert [] == await violations(base / "root", base / "cache", tree), seed

    with capsys.disabled():
        print(f"\n{TREES} random trees with {files} files from seed {first}, 0 violations")
