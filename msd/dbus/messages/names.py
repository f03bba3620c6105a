"""Names on a bus: where a message goes, which signals match, what D-Bus itself defines."""

from msgspec import Struct

from msd.dbus.messages.message import Message

FREEDESKTOP = "org.freedesktop.DBus"
FREEDESKTOP_PATH = "/org/freedesktop/DBus"
PEER = "org.freedesktop.DBus.Peer"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
STANDARD_INTERFACES = frozenset({PEER, INTROSPECTABLE, PROPERTIES, OBJECT_MANAGER})
NO_OBJECT = "/"


class Address(Struct, frozen=True, kw_only=True):
    """Where a call goes or a signal comes from."""

    path: str
    interface: str
    member: str
    destination: str = ""


class SignalMatch(Struct, frozen=True, kw_only=True):
    """Which signals; what is empty does not matter. `about` is the first argument, a text."""

    sender: str = ""
    path: str = ""
    interface: str = ""
    member: str = ""
    about: str = ""

    @property
    def rule(self) -> str:
        """The match rule for the bus daemon."""
        parts = {
            "sender": self.sender,
            "path": self.path,
            "interface": self.interface,
            "member": self.member,
            "arg0": self.about,
        }
        return "type='signal'" + "".join(
            f",{key}='{value}'" for key, value in parts.items() if value
        )

    def fits(self, message: Message) -> bool:
        """Whether a signal matches; its sender was checked by the bus daemon."""
        return (
            self.path in ("", message.path)
            and self.interface in ("", message.interface)
            and self.member in ("", message.member)
            and (not self.about or (bool(message.body) and message.body[0] == self.about))
        )
