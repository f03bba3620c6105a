"""Cue sheets: the tracks of an album that is one file."""

import re

import msgspec

from msd.backend_api.values import decode_text
from msd.backends.local.files.text import clean_title
from msd.backends.local.music.tags import TrackTags

MAX_CUE = 256 << 10
_MOST_TRACKS = 99
_LINE = re.compile(r"^\s*(?P<word>[A-Z]+)\s+(?P<rest>.*?)\s*$", re.IGNORECASE)
_QUOTED = re.compile(r'^"(?P<text>[^"]*)"|^(?P<bare>\S+)')
_TIME = re.compile(r"^(\d{1,3}):(\d{1,2}):(\d{1,2})$")
_FRAMES_PER_S = 75


class CueTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One track of a cue sheet."""

    number: int
    title: str
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    start_ms: int = 0
    end_ms: int = 0  # 0: to the end of the file

    def as_tags(self, of_file: TrackTags) -> TrackTags:
        """Return the tags of the track: what the sheet says, else those of the file."""
        end = self.end_ms or of_file.duration_ms
        return msgspec.structs.replace(
            of_file,
            title=self.title or f"Track {self.number}",
            artist=self.artist or self.album_artist or of_file.artist,
            album=self.album or of_file.album,
            album_artist=of_file.album_artist or self.album_artist,
            track=self.number,
            duration_ms=max(0, end - self.start_ms) if end else 0,
            identity=f"{of_file.identity}#{self.number}" if of_file.identity else "",
        )


def parse_cue(content: bytes) -> dict[str, tuple[CueTrack, ...]]:
    """Return the tracks of each file that a sheet names; a broken line costs itself alone."""
    return _Sheet().read(decode_text(content))


class _Sheet:
    """The state of reading one sheet."""

    def __init__(self) -> None:
        self._album = ""
        self._album_artist = ""
        self._file = ""
        self._files: dict[str, list[CueTrack]] = {}

    def read(self, text: str) -> dict[str, tuple[CueTrack, ...]]:
        for line in text.splitlines()[:5000]:
            match = _LINE.match(line)
            if match:
                self._take(match["word"].upper(), match["rest"])
        return {name: _with_ends(tracks) for name, tracks in self._files.items() if tracks}

    def _take(self, word: str, rest: str) -> None:
        value = _value(rest)
        match word:
            case "FILE":
                self._file = value
                self._files.setdefault(value, [])
            case "TRACK" if self._file and len(self._files[self._file]) < _MOST_TRACKS:
                number = int(value) if value.isascii() and value.isdigit() else 0
                track = CueTrack(
                    number=min(number, 99) or len(self._files[self._file]) + 1,
                    title="",
                    album=self._album,
                    album_artist=self._album_artist,
                )
                self._files[self._file].append(track)
            case "TITLE" | "PERFORMER":
                self._describe(word, clean_title(value))
            case "INDEX":
                self._place(rest)

    def _describe(self, word: str, text: str) -> None:
        tracks = self._files.get(self._file)
        if not tracks:
            if word == "TITLE":
                self._album = text
            else:
                self._album_artist = text
        elif word == "TITLE":
            tracks[-1] = msgspec.structs.replace(tracks[-1], title=text)
        else:
            tracks[-1] = msgspec.structs.replace(tracks[-1], artist=text)

    def _place(self, rest: str) -> None:
        number, _, time = rest.partition(" ")
        match = _TIME.match(time.strip())
        tracks = self._files.get(self._file)
        if match and tracks and number.strip() in ("1", "01"):
            minutes, seconds, frames = map(int, match.groups())
            start = 1000 * (60 * minutes + seconds) + 1000 * frames // _FRAMES_PER_S
            tracks[-1] = msgspec.structs.replace(tracks[-1], start_ms=start)


def _with_ends(tracks: list[CueTrack]) -> tuple[CueTrack, ...]:
    starts = [track.start_ms for track in tracks[1:]]
    ends = [*starts, 0]
    return tuple(
        msgspec.structs.replace(track, end_ms=end if end > track.start_ms else 0)
        for track, end in zip(tracks, ends, strict=True)
    )


def _value(rest: str) -> str:
    match = _QUOTED.match(rest)
    return "" if match is None else (match["text"] if match["text"] is not None else match["bare"])
