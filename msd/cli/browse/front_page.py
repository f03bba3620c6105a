"""The front page: what somebody wants to know who types `msdctl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.daemon.lookup import called
from msd.cli.dialogue.progress import phase_with_count
from msd.cli.hints import hint_for_status, with_flags
from msd.cli.terminal.table import shortened, width_of, wrapped
from msd.cli.terminal.text import ago, cell, count, safe, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msd.cli.daemon.client import Fields
    from msd.cli.daemon.jobs import JobView
    from msd.cli.terminal.output import Output

_STATE_SENTENCES = {
    "starting": "msd is starting.",
    "degraded": "msd can't use one of its databases; `msdctl doctor` tells why.",
    "stopping": "msd is stopping.",
}
_KEYRING_SENTENCES = {
    "locked": "The keyring is locked, so nothing can sign in: `msdctl unlock` unlocks it.",
    "absent": "No keyring answers, so nothing can sign in; `msdctl doctor` tells what to do.",
}
_MARKS = {
    "connected": ("\x1b[32m", "●"),
    "offline": ("\x1b[33m", "○"),
    "needs-auth": ("\x1b[35m", "!"),
    "error": ("\x1b[31m", "✗"),
}
_OFF = ("\x1b[2m", "·")
_LONGEST_NAME = 24


def front_page(
    out: Output, daemon: Fields, rows: Sequence[Fields], jobs: Sequence[JobView]
) -> None:
    """Write how msd is, each source in a sentence with what to do, and what was left out."""
    for sentence in _daemon_sentences(daemon, rows):
        out.paragraph(sentence)
    if not rows:
        return
    out.say("")
    running = {job.source_id: job for job in jobs if job.state == "running" and job.source_id}
    column = max(width_of(cell(row.get("name"))) for row in rows)
    column = min(column, _LONGEST_NAME) if out.is_rich else column
    for row in rows:
        _write_source(out, row, column, _source_sentences(row, rows, running))


def _daemon_sentences(daemon: Fields, rows: Sequence[Fields]) -> Iterator[str]:
    state = _STATE_SENTENCES.get(str(daemon.get("state")))
    if state:
        yield state
    if not rows:
        yield "msd has no sources yet."
        yield (
            "`msdctl add local ~/Videos` adds a folder, `msdctl login plex` or `msdctl login "
            "jellyfin ADDRESS` a server, and `msdctl discover` finds servers nearby."
        )
        return
    items = sum(_number(row, "item_count") for row in rows)
    what = f"{count(items, 'item')} of {count(len(rows), 'source')}"
    yield f"msd {cell(daemon.get('version'))}: {what}."
    keyring = _KEYRING_SENTENCES.get(str(daemon.get("keyring_state")))
    if keyring and any(row.get("account_id") for row in rows):
        yield keyring
    if daemon.get("online") == "no":
        yield "This machine has no network; what is cached can still be read."


def _write_source(out: Output, row: Fields, column: int, sentences: Sequence[str]) -> None:
    style, mark = _MARKS.get(str(row.get("status")), _MARKS["error"])
    if row.get("enabled") is False:
        style, mark = _OFF
    name = shortened(cell(row.get("name")), column) if out.is_rich else cell(row.get("name"))
    padded = name + " " * (column - width_of(name))
    head = f"{style}{mark}\x1b[0m \x1b[1m{padded}\x1b[0m" if out.is_styled else f"{mark} {padded}"
    indent = " " * (column + 4)
    width = out.width - len(indent)
    lines = [
        line for text in sentences for line in (wrapped(text, width) if out.is_rich else [text])
    ]
    out.say(f"{head}  {lines[0]}", *(indent + line for line in lines[1:]))


def _broken(out: Output, text: str, width: int) -> list[str]:
    return wrapped(text, width) if out.is_rich else [text]


def _source_sentences(
    row: Fields, rows: Sequence[Fields], running: dict[str, JobView]
) -> list[str]:
    sentences = [status_sentence(row)]
    job = running.get(str(row.get("id")))
    if job:
        sentences.append(f"syncing: {phase_with_count(job)}")
    error = cell(row.get("last_sync_error"))
    if error and row.get("status") == "connected" and not job:
        sentences.append(f"the last sync failed: {with_flags(error)}")
    hint = hint_for_status(row, called(row, rows))
    if hint:
        sentences.append(f"→ {safe(hint)}")
    if row.get("details_state") == "running":
        sentences.append(details_sentence(row))
    sentences += _left_out(row, rows)
    return sentences


def details_sentence(row: Fields) -> str:
    """Return how many items lack people, versions and chapters, and what becomes of that."""
    missing = _number(row, "details_missing")
    if not missing:
        return ""
    what = f"people and versions of {count(missing, 'item')}"
    match str(row.get("details_state")):
        case "running":
            return f"fetching {what}"
        case "unsupported":
            return f"{what} come when you look at them: it gives them one at a time"
        case "off":
            return f"{what} are not fetched: sync.details is false in the settings"
        case _:
            return f"{what} will be fetched when nothing else is asked of it"


def _left_out(row: Fields, rows: Sequence[Fields]) -> Iterator[str]:
    skipped = _number(row, "skipped_items")
    if skipped:
        verb = "was" if skipped == 1 else "were"
        yield f"{count(skipped, 'item')} {verb} left out: `msdctl skipped {called(row, rows)}`"
    withdrawn = _number(row, "withdrawn_items")
    if withdrawn:
        verb = "is" if withdrawn == 1 else "are"
        yield f"{count(withdrawn, 'item')} {verb} hidden: this user may not see them any more"


def status_sentence(row: Fields) -> str:
    """Return how a source is, as a sentence without its name."""
    items = count(_number(row, "item_count"), "item")
    if row.get("enabled") is False:
        return f"switched off; {items} can still be read"
    detail = with_flags(cell(row.get("status_detail")))
    match str(row.get("status")):
        case "connected":
            synced = ago(row.get("last_sync"))
            sentence = f"connected, {items}" + (f", synced {synced}" if synced else "")
            return sentence if row.get("status_reason") == "ok" else f"{sentence}; {detail}"
        case "needs-auth":
            return f"needs you: {detail or cell(row.get('status_reason'))}"
        case "offline":
            return f"offline: {detail or cell(row.get('status_reason'))}{_next_try(row)}"
        case _:
            return f"error: {detail or cell(row.get('status_reason'))}{_next_try(row)}"


def _next_try(row: Fields) -> str:
    import time  # noqa: PLC0415 - only for sources in trouble

    due = _number(row, "next_retry") - int(time.time())
    return f"; next try in {span(due)}" if due > 0 else ""


def _number(row: Fields, name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0
