#!/usr/bin/env python3
"""A QML poster wall with search as you type (pip install PySide6-Essentials)."""

import sys
from pathlib import Path

from PySide6.QtCore import SLOT, QObject, Signal, Slot
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QJSValue, QQmlApplicationEngine

MSD = ("org.msd.Msd1", "/org/msd/Msd1")


class Msd(QObject):
    """What QML needs of the bus: reads as JSON text, and the news of pictures."""

    ready = Signal(list)  # ids of items whose picture can be had now

    def __init__(self) -> None:
        super().__init__()
        self.bus = QDBusConnection.sessionBus()
        slot = SLOT("on_ready(QDBusMessage)")
        self.bus.connect(*MSD, "org.msd.Msd1.Artwork", "ArtworkReady", self, slot)

    @Slot(QDBusMessage)
    def on_ready(self, message: QDBusMessage) -> None:
        self.ready.emit(message.arguments()[0])

    @Slot(str, str, QJSValue)
    def read(self, method: str, arguments: str, then: QJSValue) -> None:
        """Call a method of the Json interface; `then` gets the text of its answer."""
        message = QDBusMessage.createMethodCall(*MSD, "org.msd.Msd1.Json", method)
        message.setArguments([arguments])
        call = QDBusPendingCallWatcher(self.bus.asyncCall(message), self)

        def done() -> None:
            if not call.isError():
                then.call([QJSValue(call.reply().arguments()[0])])

        call.finished.connect(done)


if __name__ == "__main__":
    application, engine, msd = QGuiApplication(sys.argv), QQmlApplicationEngine(), Msd()
    engine.rootContext().setContextProperty("msd", msd)
    engine.load(Path(__file__).with_name("Posters.qml"))
    application.exec()
