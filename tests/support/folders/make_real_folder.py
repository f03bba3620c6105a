"""Make a folder to look at by hand: `python -m tests.support.folders.make_real_folder DIR`.

Real files of all kinds: ffmpeg's videos and tones under the names that people and release groups
give, everything that goes wrong in real folders, and the music of free Debian packages when they
are installed (sound-theme-freedesktop, asc-music, hyperrogue-music, drascula-music,
asterisk-core-sounds-en-wav).
"""

import os
import shutil
import sys
from pathlib import Path

from tests.support.folders.media import MediaMaker

PACKAGED = (
    ("/usr/share/games/asc/music", "Music/ASC"),
    ("/usr/share/hyperrogue/music", "Music/HyperRogue"),
    ("/usr/share/scummvm/drascula/audio", "Music/Drascula"),
    ("/usr/share/sounds/freedesktop/stereo", "Music/Freedesktop"),
    ("/usr/share/asterisk/sounds/en_US_f_Allison/digits", "Music/Asterisk/Digits"),
)
MOVIES = """
1917 (2019)/1917 (2019).mkv
2001 A Space Odyssey (1968)/2001.A.Space.Odyssey.1968.mkv
2012.2009.1080p.BluRay.x264.mkv
Alien (1979) [imdbid-tt0078748]/Alien.mkv
Amélie (2001).mp4
Blade.Runner.2049.2017.2160p.UHD.BluRay.x265-GRP.mkv
Das Leben der Anderen (2006)/movie.mkv
Das.Boot.1981.Directors.Cut.German.DL.1080p.BluRay.x264-ETM.mkv
Dune (2021)/Dune (2021) - 1080p.mkv
Dune (2021)/Dune (2021) - 2160p.mkv
Dune (2021)/Dune (2021)-trailer.mkv
Dune (2021)/Featurettes/Making of.mkv
Gandhi (1982)/Gandhi (1982) cd1.avi
Gandhi (1982)/Gandhi (1982) cd2.avi
Kill Bill Vol. 1 (2003).mkv
Kill Bill Vol. 2 (2004).mkv
Mr. & Mrs. Smith (2005).avi
Sample/sample.mkv
Se7en.1995.720p.mkv
Spider-Man.No.Way.Home.2021.WEB-DL.mp4
The Matrix (1999)/The Matrix (1999).mkv
Wall-E.2008.BDRip.avi
Wings (1927)/BDMV/STREAM/00000.ts
Брат (1997).mkv
千と千尋の神隠し (2001).mkv
"""
SHOWS = """
Attack on Titan/Season 2/[Group] Shingeki no Kyojin S2 - 03 [BD 1080p].mkv
Band of Brothers/Band of Brothers Part 3.mkv
Breaking Bad/Season 1/Breaking.Bad.S01E01.720p.BluRay.mkv
Breaking Bad/Season 1/Breaking.Bad.S01E02.720p.BluRay.mkv
Breaking Bad/Season 2/Breaking.Bad.S02E01.720p.BluRay.mkv
Breaking.Bad.S03.1080p.BluRay.x264-GRP/Breaking.Bad.S03E01.1080p.mkv
Dark/Staffel 1/Dark - Folge 3.mkv
Die Sendung mit der Maus/Staffel 2/02 - Lachgeschichten.mp4
Doctor Who (2005)/Season 1/Doctor Who (2005) - S01E01 - Rose.mkv
Doctor Who (2005)/Specials/Doctor Who 2005 S00E01 Born Again.mkv
Doctor Who (2005)/Specials/The Making of.mkv
Firefly/Season 1/Firefly - S01E01E02 - Serenity.mkv
Firefly/Season 1/Firefly - S01E03 - 720p.mkv
Firefly/Season 1/Firefly - S01E03 - 1080p.mkv
Friends/Friends - 1x03 - The One with the Thumb.avi
One Piece/[HorribleSubs] One Piece - 1071 [1080p].mkv
Planet Earth/Season 1/05.mkv
Planet Earth/Season 1/Episode 4.mkv
Tagesschau/Tagesschau 2023-05-01.mp4
The Daily Show/The.Daily.Show.2014.06.03.Guest.mp4
Серия/Сезон 1/S01E01.mkv
[SubsPlease] Sousou no Frieren - 05 (1080p) [ABCD1234].mkv
"""
HOME = "IMG_0001.MOV.mov Birthday.mp4 VID_20230501_120000.mp4 clip.webm old.mpg camera.ts"
MOVIE_NFO = """<?xml version="1.0" encoding="UTF-8"?>
<movie><title>The Matrix</title><plot>A hacker learns.</plot><uniqueid type="tmdb">603</uniqueid>
<uniqueid type="imdb" default="true">tt0133093</uniqueid><genre>Action</genre><year>1999</year>
<ratings><rating name="tmdb" max="10" default="true"><value>8.2</value></rating></ratings></movie>
https://www.themoviedb.org/movie/603
"""
SHOW_NFO = "<tvshow><title>Breaking Bad</title><uniqueid type='tvdb'>81189</uniqueid></tvshow>"


def make_videos(root: Path, media: MediaMaker) -> None:
    """Write films, episodes and home videos with what lies beside them."""
    for top, names in (("Movies", MOVIES), ("TV Shows", SHOWS)):
        for name in names.strip().splitlines():
            media.video(root / top / name)
    for name in HOME.split():
        media.video(root / "Home Videos" / name)
    matrix = root / "Movies/The Matrix (1999)"
    (matrix / "The Matrix (1999).nfo").write_text(MOVIE_NFO, encoding="utf-8")
    (matrix / "The Matrix (1999).en.forced.srt").write_text(
        "1\n00:00:00,000 --> 00:00:01,000\nHi\n"
    )
    media.picture(matrix / "poster.jpg")
    media.picture(matrix / "The Matrix (1999)-fanart.jpg", size=128)
    (root / "TV Shows/Breaking Bad/tvshow.nfo").write_text(SHOW_NFO, encoding="utf-8")
    media.picture(root / "TV Shows/Breaking Bad/season01-poster.jpg")
    bomb = '<!DOCTYPE movie [<!ENTITY a "aaaa">]><movie><title>&a;</title></movie>'
    (root / "Movies/1917 (2019)/1917 (2019).nfo").write_text(bomb)


def make_music(root: Path, media: MediaMaker) -> None:
    """Write tagged, badly tagged and untagged music."""
    cover = media.picture(root / "cover-source.png")
    album = {"artist": "Ada", "album": "Numbers", "date": "2001", "genre": "Jazz"}
    for disc in (1, 2):
        for number in (1, 2, 3):
            tags = album | {
                "title": f"Tune {disc}{number}",
                "track": f"{number}",
                "disc": f"{disc}",
            }
            path = root / f"Music/Ada/Numbers/CD{disc}/{number:02} Tune.mp3"
            media.audio(path, tags, hertz=200 + disc * 10 + number, cover=cover)
    for number, artist in enumerate(("Ann", "Ben", "Cleo", "Dan"), start=1):
        tags = {
            "title": f"Hit {number}",
            "artist": artist,
            "album": "Best of 99",
            "track": str(number),
        }
        media.audio(root / f"Music/Best of 99/{number:02}.ogg", tags, hertz=300 + number)
    for suffix in (".flac", ".m4a", ".opus", ".wav", ".wma", ".aiff"):
        tags = {"title": f"Format {suffix[1:]}", "artist": "Formats", "album": "All of Them"}
        media.audio(root / f"Music/Formats/all{suffix}", tags)
    media.audio(root / "Music/Nobody - Untagged Song.mp3", hertz=700)
    media.audio(root / "Music/Old Band/Demo (1987)/03 - Garage.wav", hertz=710)
    media.picture(root / "Music/Old Band/Demo (1987)/folder.jpg")
    cover.unlink()


def make_trouble(root: Path, media: MediaMaker) -> None:
    """Write what goes wrong in real folders."""
    odd = root / "Movies/Odd"
    odd.mkdir(parents=True)
    (odd / "Empty (2000).mkv").touch()
    (odd / "Text (2001).mp4").write_text("#EXTM3U\nhttp://192.0.2.1/never.ts\n")
    (odd / "Noise (2002).avi").write_bytes(os.urandom(50_000))
    whole = media.video(odd / "Cut (2003).mkv").read_bytes()
    (odd / "Cut (2003).mkv").write_bytes(whole[: len(whole) // 2])
    Path(os.fsdecode(os.fsencode(odd) + b"/Caf\xe9 (2004).mkv")).write_bytes(whole)
    (odd / "notes.txt").write_text("not media")
    (odd / "part.mkv.part").write_bytes(whole)
    (odd / ".hidden (2005).mkv").write_bytes(whole)
    (odd / "inside (1999).mkv").symlink_to(root / "Movies/Brazil.mkv")
    media.video(root / "Movies/.store/Brazil (1985).mkv")
    (odd / "Brazil (1985).mkv").symlink_to(root / "Movies/.store/Brazil (1985).mkv")
    (odd / "outside (1998).mkv").symlink_to("/etc/hostname")
    (odd / "loop").symlink_to(root / "Movies", target_is_directory=True)
    os.mkfifo(odd / "Pipe (2006).mkv")
    (odd / ("N" * 240 + " (2007).mkv")).write_bytes(whole + b"\xec\x81n")


def main(target: str) -> None:
    """Make the folder anew."""
    root = Path(target)
    shutil.rmtree(root, ignore_errors=True)
    media = MediaMaker()
    make_videos(root, media)
    make_music(root, media)
    make_trouble(root, media)
    media.close()
    for source, name in PACKAGED:
        if Path(source).is_dir():
            shutil.copytree(source, root / name)
    print(sum(len(files) for _, _, files in os.walk(root)), "files in", root)


if __name__ == "__main__":
    main(sys.argv[1])
