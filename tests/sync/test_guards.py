"""Each guard of a sync is taken away in a copy of msd, and a history shows what it was for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HISTORIES = ("-m", "tests.sync.history", "0", "1500")
FOLLOWING = "tests/sync/test_following.py"
RESUMING = "tests/sync/test_resuming.py"
PUSH = "tests/coordinator/syncs/test_push.py"

# what it guards → file, its text, what stands there without it, and what finds out
GUARDS = {
    "deletes: what is missing is asked for by its id": (
        "msd/sync/missing_rows.py",
        "        if not remote_ids:\n            return set()",
        "        return set()",
        HISTORIES,
    ),
    "deletes: rows that moved are looked for in other listings": (
        "msd/sync/missing_rows.py",
        "        if not remote_ids:\n            return set()",
        "        if remote_ids:\n            return set()",
        HISTORIES,
    ),
    "held drop: a library does not vanish at once": (
        "msd/sync/enumeration.py",
        "    return missing >= live or (",
        "    return False and (",
        HISTORIES,
    ),
    "held drop: rows that moved away hide none that went": (
        "msd/sync/deletions.py",
        "        return len(listing.known) - len(unseen) + len(still_here)",
        "        return len(listing.known)",
        (
            "-m",
            "pytest",
            "-q",
            "-k",
            "one_moved_and_all_others_went",
            "tests/sync/test_withheld.py",
        ),
    ),
    "cursor: it stays until a suspect is enumerated": (
        "msd/sync/following.py",
        "        if library.dirty_listings:\n            library.reached",
        "        if False:\n            library.reached",
        ("-m", "pytest", "-q", "-k", "enumeration_that_fails", FOLLOWING),
    ),
    "cursor: it is taken before the first row is read": (
        "msd/sync/engine.py",
        "cursors=library.reached",
        "cursors=dict.fromkeys(library.reached, str(2**40))",
        ("-m", "pytest", "-q", "-k", "taken_before_the_enumeration", FOLLOWING),
    ),
    "count: a listing that does not add up is enumerated": (
        "msd/sync/following.py",
        "        return self.count is None or self.count == self.expected + self.new_rows",
        "        return True",
        HISTORIES,
    ),
    "scope: a listing that fails is asked about before it ends the sync": (
        "msd/backend_api/faults.py",
        "            await backend.check_identity()",
        "            raise error",
        ("-m", "pytest", "-q", "-k", "costs_itself_only", "tests/sync/test_faults.py"),
    ),
    "rights: they are asked for again before anything is lost": (
        "msd/sync/engine.py",
        "            await self._rights.ask_again()",
        "            pass",
        ("-m", "pytest", "-q", "-k", "shrink_while", "tests/sync/test_rights.py"),
    ),
    "libraries: more than half of the rows decide": (
        "msd/sync/recreated.py",
        "2 * candidates[best] > len(rows)",
        "candidates[best] > len(rows)",
        ("-m", "pytest", "-q", "-k", "is_the_same", "tests/sync/test_recreated.py"),
    ),
    "places: a worker that waits leaves its place": (
        "msd/managers/sync.py",
        "                            place.leave()",
        "                            pass",
        ("-m", "pytest", "-q", "-k", "holds_no_place", "tests/managers/test_sync.py"),
    ),
    "judgement: missing rows that could not be asked for are asked for again": (
        "msd/sync/engine.py",
        "        can_be_trusted = is_counted and copied.is_judged",
        "        can_be_trusted = is_counted",
        ("-m", "pytest", "-q", "-k", "can_not_be_asked_for", "tests/sync/test_faults.py"),
    ),
    "judgement: a missing row on which the source fails may be there": (
        "msd/sync/missing_rows.py",
        "for row in found if not row.is_readable]:",
        "for row in found if False]:",
        ("-m", "pytest", "-q", "-k", "on_which_the_source_fails", "tests/sync/test_faults.py"),
    ),
    "resume: two halves must add up": (
        "msd/sync/engine.py",
        "        return count == copied.enumeration.total",
        "        return True",
        ("-m", "pytest", "-q", "-k", "do_not_add_up", RESUMING),
    ),
    "buffer: what was told while catching up is replayed": (
        "msd/coordinator/syncs/push_subscription.py",
        "                caught_up()",
        "                self._pending = PendingChanges()\n                caught_up()",
        ("-m", "pytest", "-q", "-k", "while_catching_up", PUSH),
    ),
    "buffer: rows wait for the end of a running sync": (
        "msd/coordinator/syncs/push_writer.py",
        "        await self._sync_jobs.idle(self._source_id)\n",
        "",
        ("-m", "pytest", "-q", "-k", "while_a_sync_runs", PUSH),
    ),
    "live deletes: they are verified": (
        "msd/coordinator/syncs/push_writer.py",
        "        gone = set(remote_ids) - {row.item.remote_id for row in located}",
        "        gone = set(remote_ids)",
        ("-m", "pytest", "-q", "-k", "not_believed", PUSH),
    ),
    "live deletes: they count together": (
        "msd/store/cache/writes/pushed_rows.py",
        "        if is_suspicious(live + lost, lost + count):\n            return False\n",
        "",
        ("-m", "pytest", "-q", "-k", "too_many_are_held", PUSH),
    ),
}


def run(folder: Path, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.mark.parametrize("guard", GUARDS)
def test_the_guard_is_where_the_list_says(guard: str) -> None:
    """What takes it away runs seldom, so the list would fall behind the code."""
    name, text, _, command = GUARDS[guard]

    assert text in (ROOT / name).read_text()
    assert all((ROOT / part).is_file() for part in command if part.endswith(".py"))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("guard", GUARDS)
def test_without_the_guard_a_history_breaks(
    guard: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Y6 to Y9: and it says which, and how."""
    name, text, without, command = GUARDS[guard]
    for part in ("msd", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    own = (tmp_path / name).read_text()
    (tmp_path / name).write_text(own.replace(text, without))

    done = run(tmp_path, command)

    assert done.returncode == 1, f"nobody misses it: {guard}\n{done.stdout}{done.stderr}"
    with capsys.disabled():
        found = [
            line for line in done.stdout.splitlines() if line.startswith(("history", "FAILED"))
        ]
        print(f"\n{guard}\n    {found[0] if found else done.stdout[-300:]}")
