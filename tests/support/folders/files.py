"""Files for tests that only look at names, sizes and times."""

from pathlib import Path


def put(path: Path, content: bytes = b"x") -> None:
    """Write a file, with the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
