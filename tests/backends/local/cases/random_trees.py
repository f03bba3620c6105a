"""Random trees of names in the styles that people and programs use, with the title of each file."""

import random
from collections.abc import Callable
from pathlib import Path

TITLES = (
    *("Amber Harbour", "Broken Meridian", "Cobalt Winter", "Distant Orchard", "Eleven Lanterns"),
    *("Fallow Ground", "Granite Choir", "Hollow Compass", "Ivory Station", "Jade Mechanic"),
    *("Kestrel", "Lowland 9", "Marrow & Salt", "Ninth Ferry", "Ochre", "Paper Regent"),
    *("Quiet Armada", "Rust", "Silver Interview", "The Long Trailer", "Umber Short", "Vellum 2049"),
)
WORDS = ("1080p", "720p", "2160p", "BluRay", "WEB-DL", "x264", "x265", "HEVC", "DTS", "AC3")
GROUPS = ("GRP", "NTb", "lol", "SubsPlease", "HatSubs")
SUFFIXES = (".mkv", ".mp4", ".avi", ".m4v")

Tree = dict[str, str]  # path → what it is of; "" for what is of nothing
Style = Callable[[random.Random, str], Tree]


def dotted(title: str) -> str:
    return title.replace(" & ", ".and.").replace(" ", ".")


def release(chance: random.Random) -> str:
    return ".".join(chance.sample(WORDS, 3)) + "-" + chance.choice(GROUPS)


def suffix(chance: random.Random) -> str:
    return chance.choice(SUFFIXES)


def film_loose(chance: random.Random, title: str) -> Tree:
    return {f"{title} ({year(chance)}){suffix(chance)}": title}


def film_of_release(chance: random.Random, title: str) -> Tree:
    name = f"{dotted(title)}.{year(chance)}.{release(chance)}"
    return {f"{name}/{name}{suffix(chance)}": title}


def film_in_folder(chance: random.Random, title: str) -> Tree:
    name = f"{title} ({year(chance)})"
    found = {f"{name}/{name}{suffix(chance)}": title}
    for version in chance.sample(("720p", "1080p", "4K", "Director's Cut"), chance.randint(0, 2)):
        found[f"{name}/{name} - {version}.mkv"] = title
    for extra in chance.sample(EXTRAS, chance.randint(0, 3)):
        found[f"{name}/{extra}"] = title
    return found


EXTRAS = (
    *("Extras/making of.mkv", "Featurettes/a look back.mp4", "Trailers/one.mkv", "trailer.mp4"),
    *("Interviews/the cast.mkv", "Sample/sample.mkv", "sample.avi"),
)


def film_in_parts(chance: random.Random, title: str) -> Tree:
    name = f"{title} ({year(chance)})"
    return {f"{name}/{name} cd{number}.avi": title for number in (1, 2)}


def film_on_disc(chance: random.Random, title: str) -> Tree:
    name = f"{title} ({year(chance)})"
    inside = chance.choice(("VIDEO_TS", "video_ts", "DVD1/VIDEO_TS"))
    files = ("VTS_01_1.VOB", "VTS_01_2.VOB", "VTS_02_1.VOB", "VIDEO_TS.VOB")
    return {f"{name}/{inside}/{file}": title for file in files}


def film_on_bluray(chance: random.Random, title: str) -> Tree:
    name = f"{title} ({year(chance)})"
    return {f"{name}/BDMV/STREAM/0000{number}.m2ts": title for number in range(3)}


def show_in_seasons(chance: random.Random, title: str) -> Tree:
    word = chance.choice(("Season", "Staffel", "Saison", "Sesong", "Temporada", "S"))
    pad = chance.choice(("", "0"))
    form = chance.choice(
        (
            "{t} - S{s:02}E{e:02}",
            "S{s:02}E{e:02} - Name",
            "{t} {s}x{e:02}",
            "{e:02} - Name",
            "{e:02}",
            "{t} - s{s:02}e{e:02} - 720p",
            "{d}.S{s:02}E{e:02}.1080p.WEB-DL-NTb",
        )
    )
    return {
        f"{title}/{word} {pad}{s}".replace("S ", "S")
        + f"/{form.format(t=title, d=dotted(title), s=s, e=e)}.mkv": title
        for s in range(1, chance.randint(2, 3))
        for e in range(1, chance.randint(2, 5))
    }


def show_flat(chance: random.Random, title: str) -> Tree:
    form = chance.choice(("{t} S01E{e:02}", "{t} - {e:02}", "{e:02}", "{e:02} Name", "{t} {e:02}"))
    return {f"{title}/{form.format(t=title, e=e)}{suffix(chance)}": title for e in range(1, 5)}


def show_of_releases(chance: random.Random, title: str) -> Tree:
    found = {}
    for e in range(1, chance.randint(2, 4)):
        name = f"{dotted(title)}.S02E{e:02}.{release(chance)}"
        file = chance.choice((name, "5f3a9c1b77", name.lower()))
        found[f"{name}/{file}.mkv"] = title
    return found


def show_in_heap(chance: random.Random, title: str) -> Tree:
    heap = chance.choice(("downloads/complete", "torrents", "Unsorted", "."))
    form = "{d}.S01E{e:02}.{r}"
    return {
        f"{heap}/{form.format(d=dotted(title), e=e, r=release(chance))}.mkv": title
        for e in range(1, chance.randint(2, 4))
    }


def anime(chance: random.Random, title: str) -> Tree:
    group = chance.choice(GROUPS)
    return {
        f"[{group}] {title} - {e:02} (1080p) [{chance.randrange(16**8):08X}].mkv": title
        for e in range(1, 4)
    }


def daily(chance: random.Random, title: str) -> Tree:
    return {f"{title}/{dotted(title)}.2014.06.{d:02}.Guest.mkv": title for d in range(1, 4)}


def clips(chance: random.Random, title: str) -> Tree:
    return {f"VID_2023010{number}_12000{number}.mp4": "" for number in range(1, 4)}


def music(chance: random.Random, title: str) -> Tree:
    return {f"{title}/Album {a}/0{n} - Song.mp3": "" for a in (1, 2) for n in (1, 2)}


def noise(chance: random.Random, title: str) -> Tree:
    return {
        f"@Recycle/{title} (1991).mkv": "",
        f"_UNPACK_{dotted(title)}/x.mkv": "",
        f".hidden {title}.mkv": "",
        f"#snapshot/GMT/{title}/{title}.mkv": "",
        f"left out {title}/.nomedia": "",
        f"left out {title}/{title} (1992).mkv": "",
    }


STYLES: tuple[Style, ...] = (
    *(film_loose, film_of_release, film_in_folder, film_in_folder, film_in_parts, film_on_disc),
    *(film_on_bluray, show_in_seasons, show_in_seasons, show_flat, show_of_releases, show_in_heap),
    *(anime, daily, clips, music, noise),
)
PLACES = ("", "Movies", "TV", "Media/Films", "Videos", "Anime", "stuff", "Kids Movies")


def year(chance: random.Random) -> int:
    return chance.randint(1930, 2024)


def random_tree(seed: int) -> Tree:
    """Return the paths of a tree, each with the title that it is of."""
    chance = random.Random(seed)
    found: Tree = {}
    titles = chance.sample(TITLES, chance.randint(1, 9))
    for title in titles:
        style = chance.choice(STYLES)
        place = chance.choice(PLACES)
        for path, what in style(chance, title).items():
            found[str(Path(place, path))] = what
    return found
