"""The keyring as the session bus shows it: there, locked, unlocked; never a secret.

Nothing here prompts but `unlock` (K2): not reading the default collection, not its Locked flag.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

import anyio

from msd.dbus.connection import Connection
from msd.dbus.errors import BusError, RemoteError
from msd.dbus.messages.message import Message
from msd.dbus.messages.names import FREEDESKTOP, NO_OBJECT, PROPERTIES, Address, SignalMatch
from msd.dbus.messages.variant import Variant
from msd.errors import KeyringUnavailableError
from msd.models import KeyringState

logger = logging.getLogger(__name__)

_NAME = "org.freedesktop.secrets"
_PATH = "/org/freedesktop/secrets"
_SERVICE = "org.freedesktop.Secret.Service"
_COLLECTION = "org.freedesktop.Secret.Collection"
_PROMPT = "org.freedesktop.Secret.Prompt"
DEADLINE_S = 5.0
START_EVERY_S = 30.0  # a service that ends as soon as it is started must not keep us busy

_OWNER_CHANGED = SignalMatch(
    sender=FREEDESKTOP, interface=FREEDESKTOP, member="NameOwnerChanged", about=_NAME
)
_CHANGES = (
    _OWNER_CHANGED,
    SignalMatch(sender=_NAME, interface=PROPERTIES, member="PropertiesChanged", about=_COLLECTION),
    SignalMatch(sender=_NAME, path=_PATH, interface=_SERVICE),
)


class SecretServiceClient:
    """The user's default keyring."""

    def __init__(self, connection: Connection, *, deadline_s: float = DEADLINE_S) -> None:
        self._connection = connection
        self._deadline_s = deadline_s
        self._changed = anyio.Event()
        self._hangs = False
        self._start_after = 0.0

    async def state(self) -> KeyringState:
        """Return whether the keyring can be used without a prompt; 5 s at most.

        A service that can be started is started. One that does not answer counts as absent; one
        without a default collection as locked, for only a prompt can make one.
        """
        try:
            with anyio.fail_after(self._deadline_s):
                return await self._state()
        except TimeoutError:
            logger.info("the keyring does not answer")
            self._hangs = True
            self._changed.set()
        except BusError as error:
            logger.info("the keyring can't be asked: %s", error)
        return KeyringState.ABSENT

    async def changes(self) -> AsyncGenerator[None, None]:
        """Yield whenever the keyring appeared, vanished, was locked or unlocked, or answers again.

        Ends when the bus is gone, which ends the daemon too.
        """
        try:
            async with aclosing(self._changes()) as changes:
                async for _ in changes:
                    yield
        except BusError as error:
            logger.info("the keyring is watched no more: %s", error)

    async def _changes(self) -> AsyncGenerator[None, None]:
        async with AsyncExitStack() as stack:
            for match in _CHANGES:
                await stack.enter_async_context(self._connection.listening(match, self._note))
            while True:
                await self._changed.wait()
                self._changed = anyio.Event()
                await self._until_it_answers()
                yield

    def _note(self, _: Message) -> None:
        self._changed.set()

    async def _until_it_answers(self) -> None:
        """Ask a service that did not answer until it does; it sends no signal by itself."""
        while self._hangs:
            try:
                await self._state()
            except TimeoutError:
                continue
            except BusError:  # it went away
                pass
            self._hangs = False

    async def unlock(self) -> bool:
        """Raise the keyring's own prompt and wait for the user; return whether it is unlocked.

        Cancelling dismisses the prompt.

        Raises:
            KeyringUnavailableError: there is no keyring service.
        """
        state = await self.state()
        if state is KeyringState.AVAILABLE:
            return True
        if state is KeyringState.ABSENT:
            raise KeyringUnavailableError("no keyring service (Secret Service) is running")
        try:
            prompt = await self._unlock_prompt()
            if prompt != NO_OBJECT:
                await self._prompted(prompt)
        except (BusError, TimeoutError) as error:
            logger.info("the keyring could not be unlocked: %s", error)
            return False
        return await self.state() is KeyringState.AVAILABLE

    async def _state(self) -> KeyringState:
        if not await self._is_running():
            return KeyringState.ABSENT
        collection = await self._default_collection()
        if collection == NO_OBJECT:
            return KeyringState.LOCKED
        address = Address(destination=_NAME, path=collection, interface=PROPERTIES, member="Get")
        (locked,) = await self._connection.call(address, "ss", [_COLLECTION, "Locked"])
        is_locked = getattr(locked, "value", True)
        return KeyringState.LOCKED if is_locked else KeyringState.AVAILABLE

    async def _is_running(self) -> bool:
        (has_owner,) = await self._connection.call_bus("NameHasOwner", "s", _NAME)
        if has_owner:
            return True
        if anyio.current_time() < self._start_after:
            return False
        self._start_after = anyio.current_time() + START_EVERY_S
        try:
            await self._connection.call_bus("StartServiceByName", "su", _NAME, 0)
        except RemoteError:
            return False
        return True

    async def _default_collection(self) -> str:
        (path,) = await self._call("ReadAlias", "s", "default")
        return str(path)

    async def _unlock_prompt(self) -> str:
        collection = await self._default_collection()
        if collection == NO_OBJECT:
            properties = {f"{_COLLECTION}.Label": Variant("s", "Login")}
            _, prompt = await self._call("CreateCollection", "a{sv}s", properties, "default")
        else:
            _, prompt = await self._call("Unlock", "ao", [collection])
        return str(prompt)

    async def _call(self, member: str, signature: str, *values: object) -> list[object]:
        address = Address(destination=_NAME, path=_PATH, interface=_SERVICE, member=member)
        return await self._connection.call(address, signature, values)

    async def _prompted(self, prompt: str) -> None:
        """Show the prompt; return when the user is done with it, or the service is gone."""
        ended = anyio.Event()

        def note(_: Message) -> None:
            ended.set()

        completed = SignalMatch(sender=_NAME, path=prompt, interface=_PROMPT, member="Completed")
        show = Address(destination=_NAME, path=prompt, interface=_PROMPT, member="Prompt")
        dismiss = Address(destination=_NAME, path=prompt, interface=_PROMPT, member="Dismiss")
        async with (
            self._connection.listening(completed, note),
            self._connection.listening(_OWNER_CHANGED, note),
        ):
            try:
                await self._connection.call(show, "s", [""])
                await ended.wait()
            except anyio.get_cancelled_exc_class():
                self._connection.notify(dismiss)
                raise
