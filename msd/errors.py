"""One tree of errors; each class has one wire code, `org.msd.Msd1.Error.<code>` on D-Bus.

MsdError                          Failed
├─ InvalidArgumentError           InvalidArgument
├─ UnknownSourceError             UnknownSource
├─ UnknownAccountError            UnknownAccount
├─ UnknownLibraryError            UnknownLibrary
├─ UnknownItemError               UnknownItem
├─ UnknownJobError                UnknownJob
├─ UnknownLoginError              UnknownLogin
├─ NotOwnerError                  NotOwner
├─ SourceExistsError              SourceExists
├─ LimitExceededError             LimitExceeded
├─ KeyringLockedError             KeyringLocked
├─ KeyringUnavailableError        KeyringUnavailable
├─ StorageError                   StorageFailed
├─ NotSupportedError              NotSupported
└─ BackendError                   BackendFailed
   ├─ AuthRequiredError           AuthRequired
   ├─ AuthRefusedError            AuthRefused
   ├─ LoginExpiredError           LoginExpired
   ├─ UnreachableError            Unreachable
   ├─ TlsError                    TlsError
   ├─ IdentityMismatchError       IdentityMismatch
   ├─ ForbiddenError              Forbidden
   └─ BadResponseError            BadResponse

A message is one lower-case sentence a person can act on; it never holds a secret, and what looks
like one is taken out. Anything that is not an `MsdError` reaches a D-Bus caller as `Internal`
with a fixed text.
"""

from typing import ClassVar

from msd.models import StatusReason
from msd.redaction import redact

INTERNAL_CODE = "Internal"
INTERNAL_TEXT = "internal error; the journal of msd.service has the details"


class MsdError(Exception):
    """Base of everything msd raises on purpose."""

    code: ClassVar[str] = "Failed"

    def __init__(self, message: str = "") -> None:
        super().__init__(redact(message))

    def __init_subclass__(cls) -> None:
        """Demand an explicit wire code, so that renaming a class can't change the API."""
        if "code" not in cls.__dict__:
            raise TypeError(f"{cls.__name__} needs a wire code of its own")


class InvalidArgumentError(MsdError):
    """The caller gave something that can't be meant."""

    code = "InvalidArgument"


class UnknownSourceError(MsdError):
    """No source has this id."""

    code = "UnknownSource"


class UnknownAccountError(MsdError):
    """No account has this id."""

    code = "UnknownAccount"


class UnknownLibraryError(MsdError):
    """No library has this id."""

    code = "UnknownLibrary"


class UnknownItemError(MsdError):
    """No item has this id."""

    code = "UnknownItem"


class UnknownJobError(MsdError):
    """No job has this id; jobs stay for a minute after their end."""

    code = "UnknownJob"


class SupersededError(MsdError):
    """A newer search of the same caller and session took its place."""

    code = "Superseded"


class UnknownLoginError(MsdError):
    """No login has this number; logins stay for a minute after their end."""

    code = "UnknownLogin"


class NotOwnerError(MsdError):
    """Somebody else began this login (K6)."""

    code = "NotOwner"


class SourceExistsError(MsdError):
    """The same server with the same user, or the same folder, is a source already."""

    code = "SourceExists"


class LimitExceededError(MsdError):
    """A documented limit was passed."""

    code = "LimitExceeded"


class KeyringLockedError(MsdError):
    """The keyring is there but locked."""

    code = "KeyringLocked"


class KeyringUnavailableError(MsdError):
    """No keyring service answers."""

    code = "KeyringUnavailable"


class StorageError(MsdError):
    """A database or the disk below it failed; `damaged`: the file's content is at fault."""

    code = "StorageFailed"

    def __init__(self, message: str, *, damaged: bool = False) -> None:
        super().__init__(message)
        self.damaged = damaged


class NotSupportedError(MsdError):
    """This backend or build can't do that."""

    code = "NotSupported"


class BackendError(MsdError):
    """A request to a source failed; `reason` says how it shows in the source's status.

    `request` and `status` say which request it was and what the server answered, where a server
    answered at all: for example "GET /Users/4f…/Items" and 500. A request never holds a secret.
    What a failure means for the rest of the source: `msd.backend_api.faults`.
    """

    code = "BackendFailed"
    default_reason: ClassVar[StatusReason] = StatusReason.BACKEND_BUG

    def __init__(
        self,
        message: str,
        *,
        reason: StatusReason | None = None,
        retry_after_s: float | None = None,
        request: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason
        self.retry_after_s = retry_after_s
        self.request = redact(request)
        self.status = status


class AuthRequiredError(BackendError):
    """The server refused the stored credentials, confirmed by a second call. Never retried."""

    code = "AuthRequired"
    default_reason = StatusReason.TOKEN_REFUSED


class AuthRefusedError(BackendError):
    """Wrong password, PIN or user while adding or signing in."""

    code = "AuthRefused"
    default_reason = StatusReason.NO_CREDENTIALS


class LoginExpiredError(BackendError):
    """Nobody used the code of a sign-in in time."""

    code = "LoginExpired"
    default_reason = StatusReason.NO_CREDENTIALS


class UnreachableError(BackendError):
    """DNS, refused, timeout, 5xx, HTML, a starting server, a missing folder: try again later."""

    code = "Unreachable"
    default_reason = StatusReason.TIMEOUT


class TlsError(BackendError):
    """The certificate or the TLS handshake failed."""

    code = "TlsError"
    default_reason = StatusReason.TLS


class IdentityMismatchError(BackendError):
    """Another server answered than the one that was added (I4)."""

    code = "IdentityMismatch"
    default_reason = StatusReason.IDENTITY_MISMATCH


class ForbiddenError(BackendError):
    """The server knows the user and refuses everything that msd asks."""

    code = "Forbidden"
    default_reason = StatusReason.FORBIDDEN


class BadResponseError(BackendError):
    """The server answered something that breaks its own contract."""

    code = "BadResponse"
    default_reason = StatusReason.PROTOCOL
