"""What the daemon and its sync worker say to each other: one JSON object a line.

daemon → worker   SyncRequest, then nothing; closing the pipe stops the worker
worker → daemon   Progress …, Changed …, Waiting and Working by turns, then one Finished or Failed
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from msd import errors
from msd.models import (
    ItemId,
    LibraryId,
    LibraryType,
    RemoteId,
    Source,
    StatusReason,
    SyncOptions,
    SyncReport,
)

MAX_LINE = 1024 * 1024


class Task(StrEnum):
    """What a worker does for its source."""

    SYNC = "sync"
    DETAILS = "details"  # an idle pass over what is due (Y24); ended whenever something else is


class SyncRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a worker needs to copy one source; its repr shows no secret."""

    source: Source
    user_id: str
    token: str
    device_id: str
    device_name: str
    cache_db: str
    state_db: str
    cache_dir: str
    task: Task = Task.SYNC
    options: SyncOptions = SyncOptions()
    content_types: Mapping[RemoteId, LibraryType] = {}

    def __repr__(self) -> str:
        """Name the source only."""
        return f"SyncRequest({self.source.id})"

    def private_dir(self) -> Path:
        """Return the cache folder of this source's backend."""
        return Path(self.cache_dir) / "backends" / self.source.id


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """How far the sync is."""

    phase: str
    done: int
    total: int | None


class Changed(msgspec.Struct, frozen=True, kw_only=True, tag="changed"):
    """Rows that were just committed; both empty: too many to name."""

    library_id: LibraryId
    revision: int
    changed: tuple[ItemId, ...] = ()
    removed: tuple[ItemId, ...] = ()


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    """The worker waits for its server; it needs no place until it says that it works (Y18)."""


class Working(msgspec.Struct, frozen=True, tag="working"):
    """The server has answered; the worker decodes and writes again."""


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The sync ran to its end; the report says what it found."""

    report: SyncReport


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The sync ended with an error; pages written so far stay."""

    code: str
    message: str
    reason: StatusReason | None = None
    retry_after_s: float | None = None
    request: str = ""
    status: int | None = None


Message = Progress | Changed | Waiting | Working | Finished | Failed

_encoder = msgspec.json.Encoder(enc_hook=dict)  # for mapping proxies
_message_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_request_decoder = msgspec.json.Decoder(SyncRequest)


def encode(message: Message | SyncRequest) -> bytes:
    """Return the line for a message."""
    return _encoder.encode(message) + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of a line from a worker.

    Raises:
        MsdError: it is no message.
    """
    try:
        return _message_decoder.decode(line)
    except msgspec.MsgspecError as exc:
        raise errors.MsdError(
            "the sync worker sent an unknown message; this is a bug in msd"
        ) from exc


def decode_request(line: bytes) -> SyncRequest:
    """Return the request of a line from the daemon."""
    return _request_decoder.decode(line)


def failed(error: errors.MsdError) -> Failed:
    """Return the message that carries an error to the daemon."""
    if isinstance(error, errors.BackendError):
        return Failed(
            code=error.code,
            message=str(error),
            reason=error.reason,
            retry_after_s=error.retry_after_s,
            request=error.request,
            status=error.status,
        )
    return Failed(code=error.code, message=str(error))


def raised(message: Failed) -> errors.MsdError:
    """Return the error that a worker reported, of its own class."""
    error_class = _ERRORS.get(message.code, errors.MsdError)
    if issubclass(error_class, errors.BackendError):
        return error_class(
            message.message,
            reason=message.reason,
            retry_after_s=message.retry_after_s,
            request=message.request,
            status=message.status,
        )
    return error_class(message.message)


def _tree(root: type[errors.MsdError]) -> dict[str, type[errors.MsdError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        found |= _tree(child)
    return found


_ERRORS = _tree(errors.MsdError)
