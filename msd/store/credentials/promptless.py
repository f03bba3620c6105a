"""keyring's Secret Service backend, unable to prompt; imported only where it is used (K2).

keyring's own calls unlock what is locked and make a collection where there is none, each with a
window on the user's screen. Nothing of that can happen here: a prompt is refused on its way out.
keyring's choice of backends is never asked: it may fall back to a plain file, and once it has
chosen none it never looks again.
"""

import socket
from contextlib import AbstractContextManager, suppress
from typing import Any, cast

import secretstorage
from jeepney import DBusErrorResponse, HeaderFields, MatchRule, Message
from jeepney.io.blocking import DBusConnection
from keyring.backends.SecretService import Keyring
from keyring.errors import KeyringError, KeyringLocked
from secretstorage.exceptions import LockedException, SecretStorageException
from secretstorage.util import PROMPT_IFACE

APPLICATION = "org.msd.Msd1"
LOCKED = (KeyringLocked, LockedException)
FAILED = (KeyringError, SecretStorageException, DBusErrorResponse, RuntimeError, OSError)


class _PromptlessConnection:
    """A connection to the bus over which no prompt can be raised."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection

    def send_and_get_reply(self, message: Message) -> Message:
        """Send a call and wait for its answer, as long as that takes."""
        if message.header.fields.get(HeaderFields.interface) == PROMPT_IFACE:
            raise KeyringLocked("the keyring wants to ask the user")
        return self._connection.send_and_get_reply(message)

    def filter(self, rule: MatchRule) -> AbstractContextManager[Any]:
        """Collect the signals that fit, as secretstorage does before it prompts."""
        return cast("AbstractContextManager[Any]", self._connection.filter(rule))

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


class PromptlessKeyring(Keyring):
    """The default collection of the Secret Service, for one call."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._connection: DBusConnection | None = None
        self._is_cut = False

    def get_preferred_collection(self) -> secretstorage.Collection:
        """Return the default collection, which is there and unlocked.

        Raises:
            KeyringLocked: it is locked, or there is none: only a prompt could change that.
            SecretStorageException: no Secret Service.
        """
        self._connection = secretstorage.dbus_init()
        if self._is_cut:  # while it was connecting
            self.hang_up()
        connection = cast("DBusConnection", _PromptlessConnection(self._connection))
        try:
            collection = secretstorage.Collection(connection)
        except secretstorage.ItemNotFoundException as exc:
            raise KeyringLocked("there is no default keyring") from exc
        if collection.is_locked():
            raise KeyringLocked("the default keyring is locked")
        return collection

    def unlock(self, item: Any) -> None:  # noqa: ANN401 - as keyring declares it
        """Refuse what keyring would raise a prompt for."""
        if item.is_locked():
            raise KeyringLocked("the entry is locked")

    def fetch(self, service: str, username: str) -> str | None:
        """Return the text of an entry, None when there is none."""
        return cast("str | None", self.get_password(service, username))  # type: ignore[no-untyped-call]

    def store(self, service: str, username: str, password: str, *, label: str) -> None:
        """Store an entry under a label that a person recognises; keyring's own says little."""
        attributes = self._query(service, username, application=APPLICATION)
        collection = self.get_preferred_collection()
        collection.create_item(label, attributes, password.encode(), replace=True)

    def discard(self, service: str, username: str) -> None:
        """Delete every entry of a user; none is fine."""
        for item in self.get_preferred_collection().search_items(self._query(service, username)):
            item.delete()

    def hang_up(self) -> None:
        """Make a call that waits for its answer fail now; any thread may do so."""
        self._is_cut = True
        if self._connection is not None:
            with suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
