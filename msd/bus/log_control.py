"""org.freedesktop.LogControl1: `systemctl --user service-log-level msd debug` works."""

import logging
from collections.abc import Callable, Mapping
from typing import ClassVar

from msd.dbus.serving.interface import Interface
from msd.dbus.serving.spec import parse_specs
from msd.errors import InvalidArgumentError, NotSupportedError

LOG_CONTROL_PATH = "/org/freedesktop/LogControl1"
LOG_CONTROL_SPECS = parse_specs("""<node>
<interface name="org.freedesktop.LogControl1">
  <property name="LogLevel" type="s" access="readwrite">
    <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="false"/>
  </property>
  <property name="LogTarget" type="s" access="readwrite">
    <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="false"/>
  </property>
  <property name="SyslogIdentifier" type="s" access="read">
    <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="false"/>
  </property>
</interface>
</node>""")

_LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "err": logging.ERROR,
    "crit": logging.CRITICAL,
    "alert": logging.CRITICAL,
    "emerg": logging.CRITICAL,
}
_TARGET = "console"  # standard error, which systemd hands to the journal


class LogControlInterface(Interface):
    """The level of the root logger."""

    name = "org.freedesktop.LogControl1"
    properties: ClassVar[Mapping[str, Callable[[object], object]]] = {
        "LogLevel": lambda _: _level_name(),
        "LogTarget": lambda _: _TARGET,
        "SyslogIdentifier": lambda _: "msd",
    }

    async def set_log_level(self, level: str) -> None:
        """Change the level of everything msd logs."""
        if level not in _LEVELS:
            raise InvalidArgumentError(f"the level must be one of {', '.join(_LEVELS)}")
        logging.getLogger().setLevel(_LEVELS[level])

    async def set_log_target(self, target: str) -> None:
        """Accept the target that there is."""
        if target not in ("auto", _TARGET):
            raise NotSupportedError(f"msd logs to {_TARGET} only")


def _level_name() -> str:
    level = logging.getLogger().getEffectiveLevel()
    return next((name for name, number in _LEVELS.items() if level <= number), "emerg")
