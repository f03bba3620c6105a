"""What histories of real sources need."""

from tests.support.folders.media import media  # noqa: F401 - a fixture
