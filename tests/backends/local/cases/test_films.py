"""Films, discs, extras and home videos in the folders that people have."""

# ruff: noqa: E501 - a tree has one path a line, however long

import pytest

from msd.models import ItemType
from tests.backends.local.cases.trees import plant, read

pytestmark = pytest.mark.anyio

# name, the added folder, the tree, films with their lengths in seconds, other videos
FILMS = (
    (
        "titles as written",
        "Movies",
        "{[REC] (2007),(500) Days of Summer (2009),Kimi no Na wa. (2016),Blade.Runner.2049.2017.1080p}.mkv",
        {
            "[REC] (2007)": 1,
            "(500) Days of Summer (2009)": 1,
            "Kimi no Na wa. (2016)": 1,
            "Blade Runner 2049 (2017)": 1,
        },
        [],
    ),
    (
        "parts of a story side by side",
        "Movies",
        "{Mockingjay - Part 1,Mockingjay - Part 2,Dune Part 1,Dune Part 2}.mkv",
        {
            "Mockingjay - Part 1": 1,
            "Mockingjay - Part 2": 1,
            "Dune Part 1": 1,
            "Dune Part 2": 1,
        },
        [],
    ),
    (
        "a part in the title and two versions",
        "Movies",
        "Harry Potter and the Deathly Hallows Part 2 (2011)/Harry Potter and the Deathly Hallows Part 2 (2011) - {1080p,2160p}.mkv",
        {"Harry Potter and the Deathly Hallows Part 2 (2011)": 1},
        [],
    ),
    (
        "two parts",
        "Movies",
        "Julie & Julia (2009)/Julie & Julia (2009) - CD{1,2}.mkv",
        {"Julie & Julia (2009)": 2},
        [],
    ),
    (
        "two versions without a year",
        "Movies",
        "X-Men Days of Future Past/X-Men Days of Future Past - {1080p,2160p}.mkv",
        {"X-Men Days of Future Past": 1},
        [],
    ),
    (
        "two versions with the names of releases",
        "Movies",
        "The Matrix (1999)/The.Matrix.1999.{1080p.BluRay.x264,2160p.UHD.BluRay.x265}-GRP.mkv",
        {"The Matrix (1999)": 1},
        [],
    ),
    (
        "two versions in folders of their qualities, with one id",
        "Movies",
        """
        1080p/The Conjuring (2013) [tmdbid=138843]/The Conjuring (2013) [tmdbid=138843] - Bluray-1080p.mkv
        2160p/The Conjuring (2013) [tmdbid=138843]/The Conjuring (2013) [tmdbid=138843] - WEBDL-2160p.mkv
        """,
        {"The Conjuring (2013)": 1},
        [],
    ),
    (
        "two editions; the folder gives the year",
        "Movies",
        "Donnie Darko (2001) [4K] {Arrow}/Donnie Darko - [{Theatrical,Director's Cut}].mkv",
        {"Donnie Darko (2001)": 1},
        [],
    ),
    (
        "groups, editions and languages",
        "Movies",
        """
        [MTBB] Kimi no Na wa. (2016) v2 [97681524].mkv
        Kingdom.of.Heaven.2005.EXTENDED.1080p.BluRay.mkv
        Das.Leben.der.Anderen.2006.German.DL.1080p.BluRay.x264-GRP.mkv
        """,
        {
            "Kimi no Na wa. (2016)": 1,
            "Kingdom of Heaven (2005)": 1,
            "Das Leben der Anderen (2006)": 1,
        },
        [],
    ),
    (
        "numbers in titles",
        "Movies",
        """
        2012 (2009)/2012 (2009).mkv
        {1917.2019.1080p.BluRay.x264-SPARKS,Blade.Runner.2049.2017.2160p.UHD,1984,300,Se7en.1995}.mkv
        {(500) Days of Summer (2009),[REC] (2007)}.mkv
        """,
        {
            "2012 (2009)": 1,
            "1917 (2019)": 1,
            "Blade Runner 2049 (2017)": 1,
            "1984": 1,
            "300": 1,
            "Se7en (1995)": 1,
            "(500) Days of Summer (2009)": 1,
            "[REC] (2007)": 1,
        },
        [],
    ),
    (
        "films among clips",
        "Videos",
        """
        {Inception.2010.1080p.BluRay,The Matrix (1999)}.mkv
        {VID_20230101_120000,holiday,Lecture 1}.mp4
        IMG_0001.MOV
        """,
        {"Inception (2010)": 1, "The Matrix (1999)": 1},
        ["IMG_0001", "Lecture 1", "VID_20230101_120000", "holiday"],
    ),
    (
        "clips among films",
        "Videos",
        """
        {Heat (1995),Up (2009),Alien (1979),The Matrix (1999)}.mkv
        {clip a,clip b}.mp4
        """,
        {"Heat (1995)": 1, "Up (2009)": 1, "Alien (1979)": 1, "The Matrix (1999)": 1},
        ["clip a", "clip b"],
    ),
    (
        "libraries whose names contain the word",
        "Media",
        """
        Kids Movies/{Up,Wall-E}.mkv
        Anime Movies/{Akira,Paprika}.mkv
        Movies/{Heat (1995),Big (1988)}.mkv
        """,
        {"Up": 1, "Wall-E": 1, "Akira": 1, "Paprika": 1, "Heat (1995)": 1, "Big (1988)": 1},
        [],
    ),
    (
        "a library with a quality behind its name",
        "Media",
        """
        Movies 4K/{Alien,Aliens}.mkv
        Movies/{Heat (1995),Big (1988)}.mkv
        """,
        {"Alien": 1, "Aliens": 1, "Heat (1995)": 1, "Big (1988)": 1},
        [],
    ),
    (
        "titles that end like extras",
        "Movies",
        "{The-Big-Short,The-Interview,Crime-Scene}.mkv",
        {"The-Big-Short": 1, "The-Interview": 1, "Crime-Scene": 1},
        [],
    ),
    (
        "folders of home videos that are named like extras",
        "Media",
        """
        Home Videos/2019/{Interviews/grandma,Scenes/lake,clip}.mp4
        Movies/{Heat (1995),Up (2009)}.mkv
        """,
        {"Heat (1995)": 1, "Up (2009)": 1},
        ["clip", "grandma", "lake"],
    ),
    (
        "a genre that is named like extras",
        "Media",
        """
        Movies/Comedy/Shorts/{One Week (1920),Cops (1922)}.mkv
        Movies/Drama/Heat (1995).mkv
        """,
        {"One Week (1920)": 1, "Cops (1922)": 1, "Heat (1995)": 1},
        [],
    ),
    (
        "extras in a film's own folder",
        "Movies",
        """
        Alien (1979)/{Alien (1979),Extra/making of,Special Features/doc,Making Of/mk,clips/cl,Bonus/commentary,Alien-trailer2,trailer 1}.mkv
        Heat (1995)/Heat (1995).mkv
        """,
        {"Alien (1979)": 1, "Heat (1995)": 1},
        [],
    ),
    (
        "a trailer without its film",
        "Movies",
        "{Heat (1995),Up (2009)-trailer}.mkv",
        {"Heat (1995)": 1, "Up (2009)": 1},
        [],
    ),
    (
        "a disc in lower case",
        "Movies",
        """
        Lower (1950)/video_ts/vts_01_{1,2}.vob
        Heat (1995)/Heat (1995).mkv
        Up (2009)/Up (2009).mkv
        """,
        {"Lower (1950)": 2, "Heat (1995)": 1, "Up (2009)": 1},
        [],
    ),
    (
        "a disc without its folder",
        "Movies",
        """
        Loose (1960)/{VTS_01_1,VTS_01_2,VIDEO_TS}.VOB
        Heat (1995)/Heat (1995).mkv
        Up (2009)/Up (2009).mkv
        """,
        {"Loose (1960)": 2, "Heat (1995)": 1, "Up (2009)": 1},
        [],
    ),
    (
        "two discs of one film",
        "Movies",
        """
        LOTR (2001)/DVD{1,2}/VIDEO_TS/VTS_01_1.VOB
        Heat (1995)/Heat (1995).mkv
        Up (2009)/Up (2009).mkv
        """,
        {"LOTR (2001)": 2, "Heat (1995)": 1, "Up (2009)": 1},
        [],
    ),
    (
        "a folder for the disc",
        "Movies",
        """
        X (2015)/Disc 1/BDMV/STREAM/00001.m2ts
        Heat (1995)/Heat (1995).mkv
        Up (2009)/Up (2009).mkv
        """,
        {"X (2015)": 1, "Heat (1995)": 1, "Up (2009)": 1},
        [],
    ),
    (
        "parts in folders",
        "Movies",
        """
        Gandhi (1982)/CD1/gandhi-cd1.avi
        Gandhi (1982)/CD2/gandhi-cd2.avi := 2 s
        Heat (1995)/Heat (1995).mkv
        Up (2009)/Up (2009).mkv
        """,
        {"Gandhi (1982)": 3, "Heat (1995)": 1, "Up (2009)": 1},
        [],
    ),
    (
        "marks of direction and line feeds in titles",
        "Movies",
        "{RTL \u202etxet (2013),Other (2000)}.mkv",
        {"RTL txet (2013)": 1, "Other (2000)": 1},
        [],
    ),
)


@pytest.mark.parametrize(
    ("folder", "tree", "films", "videos"), [case[1:] for case in FILMS], ids=[c[0] for c in FILMS]
)
async def test_a_tree_of_films_is_read_as_people_mean_it(
    tmp_path, cache, media, folder, tree, films, videos
):
    """Every film with title, year and length, every other video, and nothing else."""
    root = tmp_path / folder
    plant(root, media, tree)

    made = await read(root, cache)

    lengths = {
        (f"{item.title} ({item.year})" if item.year else item.title): round(item.duration_ms / 1000)
        for item in made.of(ItemType.MOVIE)
    }
    assert films == lengths
    assert len(films) == len(made.films)
    assert videos == made.videos
    assert {} == made.shows


async def test_a_disc_of_a_show_is_left_out_and_told(tmp_path, cache, media):
    """Which episodes are on it can't be known; it is never a film."""
    root = tmp_path / "TV"
    plant(
        root,
        media,
        """
        Firefly (2002)/Season 1/Disc 1/BDMV/STREAM/00001.m2ts
        Firefly (2002)/Season 2/Firefly - S02E01.mkv
        """,
    )

    made = await read(root, cache)

    assert {"Firefly": ["2x1"]} == made.shows
    assert [] == made.films
    assert {"Firefly (2002)/Season 1/Disc 1": "disc"} == made.left_out


async def test_a_line_feed_in_a_name_is_a_space_in_the_title(tmp_path, cache, media):
    """A title is shown by others."""
    root = tmp_path / "Movies"
    media.video(root / "x.mkv")
    (root / "x.mkv").rename(root / "New\nLine (2003).mkv")

    made = await read(root, cache)

    assert ["New Line (2003)"] == made.films


async def test_the_year_of_a_music_video_is_a_field(tmp_path, cache, media):
    """Its title has none, and its artist is the folder or what stands before the dash."""
    root = tmp_path / "Media"
    plant(
        root,
        media,
        """
        Music Videos/Muse/Muse - Live at Wembley (2007).mkv
        Music Videos/Queen/Queen - One Vision (1985).mkv
        Movies/Heat (1995).mkv
        """,
    )

    made = await read(root, cache)

    clips = {(item.artist, item.title, item.year) for item in made.of(ItemType.MUSIC_VIDEO)}
    assert {("Muse", "Live at Wembley", 2007), ("Queen", "One Vision", 1985)} == clips
