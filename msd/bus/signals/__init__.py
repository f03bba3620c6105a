"""The only emitter: what the coordinator reports becomes signals on the bus."""

from msd.bus.signals.emitter import run_signals

__all__ = ["run_signals"]
