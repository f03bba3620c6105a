"""Listening to the signals of other processes."""

from dataclasses import dataclass

from msd.bus.binding import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalMatch:
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
        """Whether a signal is meant; the bus daemon alone can tell its sender."""
        return (
            self.path in ("", message.path)
            and self.interface in ("", message.interface)
            and self.member in ("", message.member)
            and (not self.about or (bool(message.body) and message.body[0] == self.about))
        )
