"""An event loop on which everything that sleeps does so many times shorter."""

import asyncio
import selectors

FACTOR = 20.0  # limits of ten seconds last half a one: not too many for a busy machine


class _Hurried(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits a fraction of the time that it is told to."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found: list[tuple[selectors.SelectorKey, int]] = super().select(
            timeout if timeout is None else timeout / FACTOR
        )
        return found


class HurriedLoop(asyncio.SelectorEventLoop):
    """Its clock runs faster than the machine's; threads run at their own speed."""

    def __init__(self) -> None:
        super().__init__(_Hurried())

    def time(self) -> float:
        return super().time() * FACTOR
