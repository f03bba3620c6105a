"""What a job is at, in a person's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.text import safe

if TYPE_CHECKING:
    from msd.cli.jobs import JobView

_WORDS = {
    "libraries": "looking for libraries",
    "movie": "movies",
    "show": "shows",
    "season": "seasons",
    "episode": "episodes",
    "artist": "artists",
    "album": "albums",
    "track": "tracks",
    "music-video": "music videos",
    "video": "videos",
    "collection": "collections",
    "playlist": "playlists",
    "members": "contents of collections and playlists",
    "deletions": "checking for deleted items",
}


def phase(job: JobView) -> str:
    """Return what a job is at: its phase, or its state before the first."""
    return safe(_WORDS.get(job.phase, job.phase.replace("-", " ")) or job.state)


def phase_with_count(job: JobView) -> str:
    """Return what a job is at and how far: `movies 500/2075`, without numbers when unknown."""
    if job.total:
        return f"{phase(job)} {max(job.done, 0)}/{job.total}"
    return f"{phase(job)} {job.done}" if job.done > 0 else phase(job)
