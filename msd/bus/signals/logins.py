"""Signals of logins; none carries what only their owner may see (K6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msd.bus.login import LoginInterface
from msd.bus.signals.published_state import PublishedState
from msd.contract import LOGIN, login_path
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.server import BusServer
from msd.models import LoginId, LoginState

if TYPE_CHECKING:
    from msd.bus.ports import Coordinator


class LoginSignals:
    """Sends the signals of logins; `update` sends the properties of an object that changed."""

    def __init__(
        self,
        server: BusServer,
        coordinator: Coordinator,
        published: PublishedState,
        update: Callable[[str, Interface], None],
    ) -> None:
        self._server = server
        self._coordinator = coordinator
        self._published = published
        self._update = update
        self._finished: set[LoginId] = set()

    def show(self, login_id: LoginId) -> None:
        """Publish a login as it is now."""
        path = login_path(login_id)
        interface = LoginInterface(self._coordinator, login_id, whole=True)
        if path in self._published.paths:
            self._update(path, interface)
        else:
            self._published.show(path, interface)
        if self._coordinator.logins.get(login_id).state is not LoginState.WAITING:
            self.finish(login_id)

    def finish(self, login_id: LoginId) -> None:
        """Publish once how a login ended."""
        if login_id in self._finished:
            return
        self._finished.add(login_id)
        path = login_path(login_id)
        self._update(path, LoginInterface(self._coordinator, login_id, whole=True))
        login = self._coordinator.logins.get(login_id)
        fields = (login.state, login.error, login.message, login.source_ids)
        self._server.emit(path, LOGIN, "Finished", *fields)

    def remove(self, login_id: LoginId) -> None:
        """Publish that a login's object is gone."""
        self._finished.discard(login_id)
        self._published.hide(login_path(login_id), LOGIN)
