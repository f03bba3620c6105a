#!/usr/bin/env python3
"""Make a small library of real, playable media in a folder: `make_samples.py FOLDER`.

Films and a show with posters and backdrops, three albums with covers, a few seconds each, some
4 MB in all. Pictures are ffmpeg's test patterns and sounds are tones, so nobody's rights are
touched. Running it again makes only what is missing. Needs ffmpeg (Debian: `apt install ffmpeg`).
"""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 4
PATTERNS = (
    "smptehdbars",
    "testsrc2",
    "mandelbrot",
    "gradients=c0=navy:c1=skyblue:nb_colors=2",
    "life=mold=10",
    "rgbtestsrc",
)
POSTER, BACKDROP, SQUARE = "400x600", "1280x720", "400x400"


@dataclass(frozen=True)
class Video:
    """One film or episode to make."""

    path: str
    pattern: int
    hertz: int
    nfo: str = ""


@dataclass(frozen=True)
class Picture:
    """One picture to make: a frame of a pattern."""

    path: str
    pattern: int
    size: str


@dataclass(frozen=True)
class Track:
    """One piece of music to make."""

    path: str
    hertz: int
    tags: dict[str, str] = field(default_factory=dict)


FILMS = (
    ("Colour Bars", 1954, "A quiet study of six stripes.", "Drama"),
    ("The Test Pattern", 1968, "Nobody expected the pattern to look back.", "Thriller"),
    ("Mandelbrot's Coast", 2010, "The closer you come, the longer it gets.", "Documentary"),
    ("Blue Gradient", 2021, "From one shade to another, and never back.", "Romance"),
)
EPISODES = (("Sunrise", "Long Shadow", "Noon"), ("The Return", "Night Train", "Morning"))
ALBUMS = (
    (
        "Sine & Sons",
        "Pure Tones",
        1999,
        "Electronic",
        ("First Harmonic", "Second Harmonic", "Rest"),
    ),
    ("Sine & Sons", "Overtones", 2003, "Electronic", ("Fifth", "Octave", "Twelfth")),
    ("The Oscillators", "Live at 440 Hz", 2015, "Rock", ("Tuning Up", "Concert Pitch", "Encore")),
)


def films() -> list[Video]:
    """Return the films."""
    found = []
    for number, (title, year, plot, genre) in enumerate(FILMS):
        nfo = (
            f"<movie><title>{title}</title><year>{year}</year><plot>{plot}</plot>"
            f"<genre>{genre}</genre></movie>\n"
        )
        folder = f"Movies/{title} ({year})"
        found.append(Video(f"{folder}/{title} ({year}).mkv", number, 220 + 55 * number, nfo))
    return found


def pictures() -> list[Picture]:
    """Return posters and backdrops of the films and the show, and portraits of the artists."""
    found = []
    for number, (title, year, *_) in enumerate(FILMS):
        folder = f"Movies/{title} ({year})"
        found.append(Picture(f"{folder}/poster.jpg", number, POSTER))
        found.append(Picture(f"{folder}/fanart.jpg", number, BACKDROP))
    found.append(Picture("Shows/A Day in Frames/poster.jpg", 5, POSTER))
    found.append(Picture("Shows/A Day in Frames/fanart.jpg", 5, BACKDROP))
    for number, artist in enumerate(dict.fromkeys(artist for artist, *_ in ALBUMS), start=4):
        found.append(Picture(f"Music/{artist}/artist.jpg", number, SQUARE))
    return found


def episodes() -> list[Video]:
    """Return the episodes of the one show."""
    return [
        Video(
            f"Shows/A Day in Frames/Season {season:02}/"
            f"A Day in Frames - S{season:02}E{number:02} - {title}.mkv",
            season + number,
            300 + 20 * number,
        )
        for season, titles in enumerate(EPISODES, start=1)
        for number, title in enumerate(titles, start=1)
    ]


def tracks() -> list[Track]:
    """Return the tracks of the three albums."""
    return [
        Track(
            f"Music/{artist}/{album} ({year})/{number:02} - {title}.flac",
            200 + 40 * number,
            {
                "title": title,
                "artist": artist,
                "album_artist": artist,
                "album": album,
                "date": str(year),
                "genre": genre,
                "track": f"{number}/{len(titles)}",
            },
        )
        for artist, album, year, genre, titles in ALBUMS
        for number, title in enumerate(titles, start=1)
    ]


def run_ffmpeg(options: list[str], target: Path) -> None:
    """Make one file under a temporary name, so that a broken run leaves no half file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".half-{target.name}")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *options, str(half)]
    subprocess.run(command, check=True)
    half.replace(target)


def frames(pattern: int, size: str) -> list[str]:
    """Return the options that give ffmpeg the frames of a pattern."""
    name = PATTERNS[pattern % len(PATTERNS)]
    separator = ":" if "=" in name else "="
    source = f"{name}{separator}size={size}:rate=12"
    return ["-f", "lavfi", "-t", str(SECONDS), "-i", source]


def make_picture(root: Path, picture: Picture) -> None:
    """Make one picture."""
    target = root / picture.path
    if not target.exists():
        run_ffmpeg([*frames(picture.pattern, picture.size), "-frames:v", "1"], target)


def make_video(root: Path, video: Video) -> None:
    """Make one video, and its NFO when it is a film."""
    target = root / video.path
    if not target.exists():
        picture = frames(video.pattern, "320x180")
        tone = ["-f", "lavfi", "-t", str(SECONDS), "-i", f"sine=frequency={video.hertz}"]
        codecs = ["-c:v", "mpeg4", "-q:v", "8", "-c:a", "aac", "-b:a", "48k", "-shortest"]
        run_ffmpeg([*picture, *tone, *codecs], target)
    if video.nfo:
        target.with_suffix(".nfo").write_text(video.nfo, encoding="utf-8")


def make_track(root: Path, track: Track) -> None:
    """Make one piece of music and its album's cover."""
    target = root / track.path
    if not target.exists():
        tone = ["-f", "lavfi", "-t", str(SECONDS), "-i", f"sine=frequency={track.hertz}"]
        tags = [
            part for key, value in track.tags.items() for part in ("-metadata", f"{key}={value}")
        ]
        run_ffmpeg([*tone, *tags], target)


def make_cover(root: Path, number: int, track: Track) -> None:
    """Make the cover of one album."""
    cover = (root / track.path).parent / "cover.jpg"
    if not cover.exists():
        colour = ("darkorange", "teal", "purple")[number % 3]
        source = f"color={colour}:size=300x300,drawgrid=w=60:h=60:color=white"
        run_ffmpeg(["-f", "lavfi", "-i", source, "-frames:v", "1"], cover)


def make_samples(root: Path) -> int:
    """Make everything that is missing below `root`; return how many media files there are."""
    music, videos = tracks(), [*films(), *episodes()]
    covers = {str(Path(track.path).parent): track for track in music}
    with ThreadPoolExecutor() as pool:
        jobs = [
            *(pool.submit(make_video, root, video) for video in videos),
            *(pool.submit(make_picture, root, picture) for picture in pictures()),
            *(pool.submit(make_track, root, track) for track in music),
            *(pool.submit(make_cover, root, *numbered) for numbered in enumerate(covers.values())),
        ]
        for job in jobs:
            job.result()
    return len(music) + len(videos)


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    if len(arguments) != 1:
        print("usage: make_samples.py FOLDER", file=sys.stderr)
        return 2
    if shutil.which("ffmpeg") is None:
        print("make_samples: ffmpeg is needed (Debian: apt install ffmpeg)", file=sys.stderr)
        return 1
    root = Path(arguments[0])
    try:
        count = make_samples(root)
    except (OSError, subprocess.CalledProcessError) as exc:
        print(f"make_samples: {exc}", file=sys.stderr)
        return 1
    print(f"{count} sample files in {root}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
