"""The single interface to every media source: `SourceCoordinator`."""

from msd.coordinator.coordinator import SourceCoordinator

__all__ = ["SourceCoordinator"]
