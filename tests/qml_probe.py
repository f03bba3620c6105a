"""Shows the QML example until its posters are there, searches, and ends with 0.

qml_probe.py FOLDER_OF_THE_EXAMPLE WORDS [PICTURE]      PICTURE: where to keep what is shown
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine, QQmlExpression, qmlContext
from PySide6.QtQuick import QQuickItem, QQuickWindow

DEADLINE_S = 40
READY = 1  # Image.status


def items(item: QQuickItem) -> Iterator[QQuickItem]:
    """Yield an item and all below it."""
    yield item
    for child in item.childItems():
        yield from items(child)


def is_ready(image: QQuickItem) -> bool:
    """Return whether `Image.status` is Ready: the picture was decoded."""
    expression = QQmlExpression(qmlContext(image), image, f"status === {READY}")
    return expression.evaluate()[0] is True


def posters(window: QQuickWindow) -> list[QQuickItem]:
    """Return the pictures that were decoded."""
    images = (one for one in items(window.contentItem()) if one.inherits("QQuickImage"))
    return [image for image in images if is_ready(image)]


def main(folder: Path, words: str, picture: str = "") -> None:
    """Run the example; an assertion fails when it does not show what it should."""
    sys.path.insert(0, str(folder))
    from posters import Msd  # noqa: PLC0415 - the example

    application, engine, msd = QGuiApplication(sys.argv[:1]), QQmlApplicationEngine(), Msd()
    engine.rootContext().setContextProperty("msd", msd)
    engine.load(folder / "Posters.qml")
    window = engine.rootObjects()[0]
    assert isinstance(window, QQuickWindow)

    def until(expected: int) -> None:
        end = time.monotonic() + DEADLINE_S
        while len(posters(window)) != expected:
            assert time.monotonic() < end, len(posters(window))
            application.processEvents()

    until(4)
    if picture:
        window.grabWindow().save(picture)
    search = next(one for one in items(window.contentItem()) if one.inherits("QQuickTextField"))
    search.setProperty("text", words)
    until(1)
    os._exit(0)  # Python destroys Qt's objects in any order, and some of them abort then


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
