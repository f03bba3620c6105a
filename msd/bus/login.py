"""org.msd.Msd1.Login on the bus: one object per login, for its owner only (K6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from msd.bus.descriptor import add_options
from msd.bus.options import checked_texts
from msd.contract import LOGIN
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.callers import caller
from msd.dbus.serving.interface import Interface
from msd.errors import InvalidArgumentError, NotOwnerError, UnknownLoginError
from msd.models import Caller, Login, LoginId

if TYPE_CHECKING:
    from msd.bus.ports import Coordinator, OptionValue

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_TOKEN = "owner_token"  # noqa: S105 - the name of an option

LOGIN_PROPERTIES: Mapping[str, Callable[[Login], object]] = {
    "Kind": lambda login: login.kind,
    "SourceId": lambda login: login.source_id,
    "State": lambda login: login.state,
    "Step": lambda login: login.step,
    "Code": lambda login: login.code,
    "Url": lambda login: login.url,
    "Users": lambda login: [(user.id, user.name, user.needs_pin) for user in login.users],
    "ExpiresAt": lambda login: login.expires_at,
    "Message": lambda login: login.message,
    "Error": lambda login: login.error,
    "SourceIds": lambda login: login.source_ids,
}

# The contract test compares these with the types in the XML.
LOGIN_TYPES: Mapping[str, str] = dict.fromkeys(LOGIN_PROPERTIES, "s") | {
    "Users": "a(ssb)",
    "ExpiresAt": "x",
    "SourceIds": "as",
}


def begin_options(
    values: Mapping[str, OptionValue],
) -> tuple[dict[str, OptionValue], Caller, bool]:
    """Split the options of BeginLogin into those of the backend, the owner, and `tied`.

    Raises:
        InvalidArgumentError: `tied` or `owner_token` is of another type.
    """
    backend_options = dict(values)
    tied = backend_options.pop("tied", False)
    if not isinstance(tied, bool):
        raise InvalidArgumentError("tied must be a flag (b)")
    return backend_options, _caller(backend_options.pop(_TOKEN, "")), tied


class LoginInterface(Interface):
    """One login, as far as the caller may see it.

    Args:
        coordinator: which has the login.
        login_id: its number.
        whole: show everything, for the emitter of signals, which leaves out private values.
    """

    name = LOGIN
    properties: ClassVar = LOGIN_PROPERTIES

    def __init__(self, coordinator: Coordinator, login_id: LoginId, *, whole: bool = False) -> None:
        self._logins = coordinator.logins
        self._login_id = login_id
        self._whole = whole

    def subject(self) -> Login:
        """Return the login as it is now, without what is not the caller's business."""
        login = self._logins.get(self._login_id)
        if self._whole or self._logins.is_owner(self._login_id, _caller()):
            return login
        return login.seen_by_others()

    async def read(self, options: Mapping[str, Variant]) -> Mapping[str, Variant]:
        """Return everything to who shows the owner's token."""
        owner, _ = await _owner_options(options)
        if not self._logins.is_owner(self._login_id, owner):
            raise NotOwnerError("only who began this login can read it")
        login = self._logins.get(self._login_id)
        return {
            name: Variant(LOGIN_TYPES[name], read(login)) for name, read in LOGIN_PROPERTIES.items()
        }

    async def submit_password(self, password: str, options: Mapping[str, Variant]) -> None:
        """Answer with a password."""
        owner, secret = await _owner_options(options, "password", password)
        await self._logins.submit_password(self._login_id, secret, owner)

    async def select_user(self, user_id: str, pin: str, options: Mapping[str, Variant]) -> None:
        """Answer with a user."""
        owner, secret = await _owner_options(options, "pin", pin)
        await self._logins.select_user(self._login_id, user_id, secret, owner)

    async def cancel(self, options: Mapping[str, Variant]) -> None:
        """End the login."""
        owner, _ = await _owner_options(options)
        await self._logins.cancel(self._login_id, owner)


def login_number(name: str) -> LoginId:
    """Return the id that the last element of a login's path means.

    Raises:
        UnknownLoginError: no login can have this path.
    """
    if not _NUMBER.fullmatch(name):
        raise UnknownLoginError("no login has this number")
    return LoginId(int(name))


async def _owner_options(
    options: Mapping[str, Variant], secret: str = "", value: str = ""
) -> tuple[Caller, str]:
    """Return who asks, and a secret that came as an argument or through a descriptor."""
    known = {_TOKEN, secret} - {""}
    texts = checked_texts(await add_options(options), known)
    if secret in texts:
        if value:
            raise InvalidArgumentError(f"the {secret} is given twice")
        value = texts[secret]
    return _caller(texts.get(_TOKEN, "")), value


def _caller(token: OptionValue = "") -> Caller:
    if not isinstance(token, str):
        raise InvalidArgumentError(f"{_TOKEN} must be a text (s)")
    return Caller(name=caller.get().name, owner_token=token)
