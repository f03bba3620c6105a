"""Shows and episodes in the folders that people have."""

# ruff: noqa: E501 - a tree has one path a line, however long

import pytest

from msd.models import ItemType
from tests.backends.local.cases.trees import plant, read

pytestmark = pytest.mark.anyio

# name, the added folder, the tree, episodes by show, films
SHOWS = (
    (
        "a heap of downloads beside libraries",
        "Media",
        """
        downloads/complete/{Dark.S01E01.1080p,Fargo.S01E01.1080p,Fargo.S01E02.1080p}.mkv
        downloads/complete/The.Office.US.S02E03.mkv
        Movies/Heat (1995).mkv
        TV/Lost/Season 1/Lost - S01E01.mkv
        """,
        {"Dark": ["1x1"], "Fargo": ["1x1", "1x2"], "The Office US": ["2x3"], "Lost": ["1x1"]},
        ["Heat (1995)"],
    ),
    (
        "equal numbers of different shows",
        "TV",
        """
        Unsorted/{Dark,Fargo}.S01E01.1080p.mkv
        Lost/Season 1/Lost - S01E01.mkv
        """,
        {"Dark": ["1x1"], "Fargo": ["1x1"], "Lost": ["1x1"]},
        [],
    ),
    (
        "a season folder without a show",
        "TV",
        "Season 1/{Dark,Fargo}.S01E01.mkv",
        {"Dark": ["1x1"], "Fargo": ["1x1"]},
        [],
    ),
    (
        "a single episode in a heap",
        "Media",
        """
        torrents/Dark.S01E01.mkv
        Movies/{Heat (1995),Up (2009)}.mkv
        """,
        {"Dark": ["1x1"]},
        ["Heat (1995)", "Up (2009)"],
    ),
    (
        "loose episodes in the library",
        "TV",
        "{Dark.S01E01.1080p,Fargo.S01E01}.mkv",
        {"Dark": ["1x1"], "Fargo": ["1x1"]},
        [],
    ),
    (
        "season and episode with a full stop",
        "TV",
        "Only Fools and Horses/Series 1/{1.01 Big Brother,1.02 Go West}.mkv",
        {"Only Fools and Horses": ["1x1", "1x2"]},
        [],
    ),
    (
        "season and episode with a dash",
        "TV",
        "Blah/Season 2/{02-03 - One,02-04 - Two}.avi",
        {"Blah": ["2x3", "2x4"]},
        [],
    ),
    ("bare numbers", "TV", "Planet Earth/{01,02}.mkv", {"Planet Earth": ["1x1", "1x2"]}, []),
    (
        "numbers and titles",
        "TV",
        "Cosmos/{01 - Standing Up,02 - Molecules}.mkv",
        {"Cosmos": ["1x1", "1x2"]},
        [],
    ),
    (
        "absolute numbers",
        "TV",
        "One Piece/One Piece {1001,1002}.mkv",
        {"One Piece": ["1x1001", "1x1002"]},
        [],
    ),
    (
        "numbers behind the name in season folders",
        "TV",
        """
        Seriesname/Season 1/seriesname 0{5,6}.mkv
        One Piece/Season 21/One Piece 1001.mkv
        """,
        {"Seriesname": ["1x5", "1x6"], "One Piece": ["21x1001"]},
        [],
    ),
    (
        "season folders in Norwegian",
        "TV",
        """
        Skam/Sesong 1/Skam - S01E01.mkv
        Borgen/Sesong 1/Borgen - S01E01.mkv
        """,
        {"Skam": ["1x1"], "Borgen": ["1x1"]},
        [],
    ),
    (
        "season folders in Chinese and Czech",
        "TV",
        """
        三体/第1季/三体 - S01E01.mkv
        Pustina/Sezóna 1/Pustina - S01E01.mkv
        """,
        {"三体": ["1x1"], "Pustina": ["1x1"]},
        [],
    ),
    (
        "folders that are mere order",
        "TV",
        """
        Lupin/1080p/Lupin - S01E01.mkv
        Lupin/Volume 2/Lupin - S02E01.mkv
        """,
        {"Lupin": ["1x1", "2x1"]},
        [],
    ),
    (
        "a show whose name begins like a season",
        "TV",
        "Special/Season 1/Special - S01E01.mkv",
        {"Special": ["1x1"]},
        [],
    ),
    (
        "a checksum is no episode",
        "Anime",
        "[HatSubs] Anime Title 1004 [E63F2984].mkv",
        {"Anime Title": ["1x1004"]},
        [],
    ),
    (
        "name and number in brackets of their own",
        "Anime",
        "[CASO][Oda_Nobuna_no_Yabou][04][BDRIP][1920x1080][x264_AAC][7620E503].mp4",
        {"Oda Nobuna no Yabou": ["1x4"]},
        [],
    ),
    (
        "only the number in brackets",
        "Anime",
        "[VCB-Studio] Re Zero [21][Ma10p_1080p][x265_flac].mkv",
        {"Re Zero": ["1x21"]},
        [],
    ),
    (
        "anime beside films",
        "Downloads",
        """
        [SubsPlease] Sousou - {03 (1080p) [ABCD1234],04 (1080p) [ABCD1235]}.mkv
        Movie.2019.1080p.WEB.mkv
        """,
        {"Sousou": ["1x3", "1x4"]},
        ["Movie (2019)"],
    ),
    (
        "a release folder says more than its file",
        "TV",
        """
        Show.Name.S01E01.720p.HDTV.x264-LOL/show.name.101.hdtv-lol.mkv
        Other.Show.S02E03.1080p.WEB-GRP/5f3a9c1b.mkv
        """,
        {"Show Name": ["1x1"], "Other Show": ["2x3"]},
        [],
    ),
    (
        "both numbers of an NFO file",
        "TV",
        """
        YT Channel/20170509_cdai_HkKpyM_DeWalt.mp4
        YT Channel/20170509_cdai_HkKpyM_DeWalt.nfo := <episodedetails><season>2017</season><episode>12</episode></episodedetails>
        """,
        {"YT Channel": ["2017x12"]},
        [],
    ),
    (
        "ways to write a number",
        "TV",
        """
        Foo/Foo S01x02.mkv
        Bar/Bar 2009x02.mkv
        Baz/Baz - Season 2 Episode 4.mkv
        Who/Specials/Who - 0x1901 - Being.mkv
        """,
        {"Foo": ["1x2"], "Bar": ["2009x2"], "Baz": ["2x4"], "Who": ["0x1901"]},
        [],
    ),
    (
        "ways to write a date",
        "TV",
        """
        Late Night/Late Night 14.11.1996.mkv
        Jimmy/Jimmy.Fallon.20150102.mkv
        Daily/Daily - 5th Mar 2025.mkv
        """,
        {
            "Late Night": ["1996x 1996-11-14"],
            "Jimmy Fallon": ["2015x 2015-01-02"],
            "Daily": ["2025x 2025-03-05"],
        },
        [],
    ),
    (
        "a number beats a date, and a range is no title",
        "TV",
        """
        Soap/Soap - S41 E10478 - 2014-08-15.mkv
        Castle/Season 1/Castle - S01E05 - S01E06.mkv
        """,
        {"Soap": ["41x10478"], "Castle": ["1x5-6"]},
        [],
    ),
    ("full stops of a name", "TV", "S.W.A.T/S.W.A.T - S01E01.mkv", {"S.W.A.T": ["1x1"]}, []),
    (
        "numbers in names",
        "TV",
        """
        24/Season 1/24 - S01E01.mkv
        The 100/Season 1/The 100 - S01E01.mkv
        1923 (2022)/1923.S01E05.1080p.mkv
        9-1-1/Season 1/9-1-1 - S01E01.mkv
        Stargate SG-1/Season 1/Stargate SG-1 - S01E01.mkv
        Comedy/Friends/Season 1/Friends - S01E01.mkv
        """,
        {
            "24": ["1x1"],
            "The 100": ["1x1"],
            "1923": ["1x5"],
            "9-1-1": ["1x1"],
            "Stargate SG-1": ["1x1"],
            "Friends": ["1x1"],
        },
        [],
    ),
    (
        "two versions in two season folders",
        "TV",
        "Breaking Bad (2008)/Season 01 - {1080p,2160p AV1}/Breaking Bad (2008) - s01e01.mkv",
        {"Breaking Bad": ["1x1"]},
        [],
    ),
    (
        "part 2 is the title of an episode",
        "TV",
        "Dexter/Season 1/Dexter - S01E01 - The Gift Part 2 - {1080p,720p}.mkv",
        {"Dexter": ["1x1"]},
        [],
    ),
    (
        "a film among shows",
        "Anime",
        """
        Akira (1988)/Akira (1988).mkv
        Naruto/Season 1/Naruto - S01E01.mkv
        """,
        {"Naruto": ["1x1"]},
        ["Akira (1988)"],
    ),
)


@pytest.mark.parametrize(
    ("folder", "tree", "shows", "films"), [case[1:] for case in SHOWS], ids=[c[0] for c in SHOWS]
)
async def test_a_tree_of_shows_is_read_as_people_mean_it(
    tmp_path, cache, media, folder, tree, shows, films
):
    """Every show, episode and film, and nothing else; no season twice, none without a number."""
    root = tmp_path / folder
    plant(root, media, tree)

    made = await read(root, cache)

    assert shows == made.shows
    assert films == made.films
    assert [] == made.videos
    seasons = [(item.show_title, item.season_number) for item in made.of(ItemType.SEASON)]
    assert len(seasons) == len(set(seasons))
    assert all(number is not None for _show, number in seasons)
    assert all(item.duration_ms < 1500 for item in made.of(ItemType.EPISODE))


@pytest.mark.parametrize("above", ["disk 2x04", "Season 3 backup", "Movies/Dark S04E05 2160p"])
@pytest.mark.parametrize(
    "name",
    [
        "season and episode with a full stop",
        "name and number in brackets of their own",
        "a release folder says more than its file",
        "season folders in Norwegian",
    ],
)
async def test_nothing_above_the_added_folder_is_evidence(tmp_path, cache, media, above, name):
    """Neither numbers nor words in the folders that the added one lies in."""
    _, folder, tree, shows, films = next(case for case in SHOWS if case[0] == name)
    root = tmp_path / above / folder
    plant(root, media, tree)

    made = await read(root, cache)

    assert (shows, films) == (made.shows, made.films)
