"""Music in the folders that people have."""

import subprocess

import pytest

from msd.models import ItemType
from tests.backends.local.cases.trees import plant, read

pytestmark = pytest.mark.anyio


def tagged(media, path, hertz=440, **tags):
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {"albumartist": "album_artist", "release": "MUSICBRAINZ_ALBUMID"}
    return media.audio(path, {names.get(k, k): v for k, v in tags.items()}, hertz=hertz)


def encoded(path, *options):
    path.parent.mkdir(parents=True, exist_ok=True)
    source = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *source, *options, str(path)], check=True)


async def test_equal_titles_of_other_artists_are_other_albums(tmp_path, cache, media):
    """An album is its artist and title."""
    root = tmp_path / "Music"
    for number in (1, 2):
        tagged(
            media,
            root / f"queen{number}.mp3",
            400 + number,
            albumartist="Queen",
            album="Greatest Hits",
        )
    tagged(media, root / "abba1.mp3", albumartist="ABBA", album="Greatest Hits")

    made = await read(root, cache)

    assert ["ABBA: Greatest Hits", "Queen: Greatest Hits"] == made.albums
    assert {"Queen", "ABBA"} == {item.title for item in made.of(ItemType.ARTIST)}


async def test_albums_that_are_called_like_their_artist(tmp_path, cache, media):
    """Release ids, years and folders tell them apart."""
    root = tmp_path / "Music"
    for year in ("1994", "2001", "2008"):
        for number in (1, 2):
            tagged(
                media,
                root / f"Weezer/{year} - Weezer/0{number}.flac",
                400 + number,
                albumartist="Weezer",
                album="Weezer",
                date=year,
                release=f"{year}0000-0000-4000-8000-000000000000",
            )

    made = await read(root, cache)

    albums = made.of(ItemType.ALBUM)
    assert [1994, 2001, 2008] == sorted(item.year for item in albums)
    assert {2} == {item.child_count for item in albums}
    assert len({item.remote_id for item in albums}) == 3
    assert 1 == len(made.of(ItemType.ARTIST))


async def test_the_same_without_release_ids(tmp_path, cache, media):
    """Variant: years alone."""
    root = tmp_path / "Music"
    for year in ("1994", "2001"):
        tagged(media, root / f"W/{year}/01.flac", artist="Weezer", album="Weezer", date=year)

    made = await read(root, cache)

    assert ["Weezer: Weezer (1994)", "Weezer: Weezer (2001)"] == made.albums


async def test_formats_that_players_play(tmp_path, cache, media):
    """WavPack, True Audio, AC-3 and DTS."""
    root = tmp_path / "Music"
    encoded(root / "X/Y/1.wv")
    encoded(root / "X/Y/2.tta")
    encoded(root / "X/Y/3.ac3")
    encoded(root / "X/Y/4.dts", "-c:a", "dca", "-strict", "-2")

    made = await read(root, cache)

    assert [1, 2, 3, 4] == sorted(item.track_number for item in made.of(ItemType.TRACK))
    assert {} == made.left_out


async def test_headers_with_noise_behind_are_tracks_or_told(tmp_path, cache, media):
    """Nothing vanishes."""
    root = tmp_path / "Music"
    plant(root, media, "X/Y/1.mp3")
    (root / "X/Y/11 - One.ape").write_bytes(b"MAC \x96\x0f\0\0" + bytes(range(256)) * 40)
    (root / "X/Y/12 - Two.dsf").write_bytes(b"DSD " + (28).to_bytes(8, "little") + b"\1" * 9000)

    made = await read(root, cache)

    tracks = {item.remote_id for item in made.of(ItemType.TRACK)}
    for name in ("X/Y/11 - One.ape", "X/Y/12 - Two.dsf"):
        assert (f"file:{name}" in tracks) is not (name in made.left_out)


async def test_a_cue_sheet_divides_one_file(tmp_path, cache, media):
    """One file, many tracks."""
    root = tmp_path / "Music"
    media.audio(root_file := root / "Fear Factory/Demanufacture/album.flac", seconds=3)
    root_file.with_suffix(".cue").write_text(
        'PERFORMER "Fear Factory"\nTITLE "Demanufacture"\nFILE "album.flac" WAVE\n'
        '  TRACK 01 AUDIO\n    TITLE "Demanufacture"\n    INDEX 01 00:00:00\n'
        '  TRACK 02 AUDIO\n    TITLE "Self Bias Resistor"\n    INDEX 01 00:01:00\n'
    )

    made = await read(root, cache)

    tracks = sorted(made.of(ItemType.TRACK), key=lambda item: item.track_number)
    assert ["Demanufacture", "Self Bias Resistor"] == [item.title for item in tracks]
    assert [1000, 2000] == [round(item.duration_ms, -2) for item in tracks]
    assert ["Fear Factory: Demanufacture"] == made.albums
    assert len({item.remote_id for item in tracks}) == 2


async def test_a_file_without_pictures_is_a_track(tmp_path, cache, media):
    """What is in the file decides, not its suffix."""
    root = tmp_path / "Music"
    plant(root, media, "X/Y/01 - One.mp3")
    encoded(root / "X/Y/23 - audio.webm", "-c:a", "libopus")

    made = await read(root, cache)

    assert [1, 23] == sorted(item.track_number for item in made.of(ItemType.TRACK))
    assert [] == made.of(ItemType.MUSIC_VIDEO)


async def test_folders_of_discs_fill_in_the_disc(tmp_path, cache, media):
    """No tag says it."""
    root = tmp_path / "Music"
    for disc in (1, 2):
        for number in (1, 2):
            tagged(
                media,
                root / f"Pink Floyd/The Wall/CD{disc}/0{number} - T.mp3",
                400 + 10 * disc + number,
                artist="Pink Floyd",
                album="The Wall",
                title="T",
                track=str(number),
            )

    made = await read(root, cache)

    assert ["Pink Floyd: The Wall"] == made.albums
    assert [1, 1, 2, 2] == sorted(item.disc_number for item in made.of(ItemType.TRACK))


async def test_a_disc_may_have_a_name(tmp_path, cache, media):
    """An untagged tree: artist, album, discs with names."""
    root = tmp_path / "Music"
    plant(
        root,
        media,
        """
        ABBA/The Albums/Disc 1 (Ring Ring)/0{1 - Ring Ring,2 - Another}.flac
        ABBA/The Albums/Disc 2 (Waterloo)/01 - Waterloo.flac
        """,
    )

    made = await read(root, cache)

    assert ["ABBA: The Albums"] == made.albums
    assert [1, 1, 2] == sorted(item.disc_number for item in made.of(ItemType.TRACK))


async def test_a_disc_is_no_part_of_an_album_s_title(tmp_path, cache, media):
    """ "The Beatles (Disc 1)" and "(Disc 2)" are one album."""
    root = tmp_path / "Music"
    for disc in (1, 2):
        for number in (1, 2):
            tagged(
                media,
                root / f"White/{disc}/0{number}.mp3",
                400 + 10 * disc + number,
                albumartist="The Beatles",
                album=f"The Beatles (Disc {disc})",
            )

    made = await read(root, cache)

    assert ["The Beatles: The Beatles"] == made.albums
    assert [1, 1, 2, 2] == sorted(item.disc_number for item in made.of(ItemType.TRACK))


async def test_several_genres(tmp_path, cache, media):
    """Several values in FLAC and ID3v2.4, and one with a semicolon."""
    root = tmp_path / "Music"
    tagged(media, root / "A/B/1.mp3", 401, artist="A", album="B", genre="Rock; Metal")
    flac = root / "A/B/2.flac"
    tagged(media, flac, 402, artist="A", album="B")
    mutagen_free_genres(flac, ("Rock", "Metal"))

    made = await read(root, cache)

    assert {("Rock", "Metal")} == {item.genres for item in made.of(ItemType.TRACK)}


def mutagen_free_genres(path, genres):
    """Write several GENRE comments into a FLAC file by hand."""
    content = path.read_bytes()
    comments = [b"ARTIST=A", b"ALBUM=B", *(b"GENRE=" + genre.encode() for genre in genres)]
    body = (4).to_bytes(4, "little") + b"test" + len(comments).to_bytes(4, "little")
    for comment in comments:
        body += len(comment).to_bytes(4, "little") + comment
    at, blocks = 4, []
    while True:
        kind, length = content[at] & 0x7F, int.from_bytes(content[at + 1 : at + 4])
        is_last = bool(content[at] & 0x80)
        if kind != 4:
            blocks.append((kind, content[at + 4 : at + 4 + length]))
        at += 4 + length
        if is_last:
            break
    blocks.append((4, body))
    made = b"fLaC"
    for number, (kind, block) in enumerate(blocks):
        last = 0x80 if number == len(blocks) - 1 else 0
        made += bytes((kind | last,)) + len(block).to_bytes(3) + block
    path.write_bytes(made + content[at:])


async def test_a_slash_separates_no_artists(tmp_path, cache, media):
    """AC/DC is one."""
    root = tmp_path / "Music"
    tagged(media, root / "x.mp3", albumartist="AC/DC", artist="AC/DC", album="Powerage")

    made = await read(root, cache)

    assert ["AC/DC"] == [item.title for item in made.of(ItemType.ARTIST)]


async def test_a_year_is_no_artist(tmp_path, cache, media):
    """An untagged album with its year in front, and discs in the names of tracks."""
    root = tmp_path / "Music"
    plant(root, media, "2001 - Discovery/1-0{1 One More Time,2 Aerodynamic}.flac")

    made = await read(root, cache)

    album = made.one(ItemType.ALBUM)
    assert ("Discovery", 2001) == (album.title, album.year)
    assert [(1, 1, "One More Time"), (1, 2, "Aerodynamic")] == sorted(
        (item.disc_number, item.track_number, item.title) for item in made.of(ItemType.TRACK)
    )
    assert "2001" not in {item.title for item in made.of(ItemType.ARTIST)}


async def test_compilations_and_guests(tmp_path, cache, media):
    """Many artists are various ones, guests are none of their own."""
    root = tmp_path / "Music"
    for number in range(1, 4):
        tagged(
            media,
            root / f"Now 50/{number}.mp3",
            400 + number,
            artist=f"Artist {number}",
            album="Now 50",
        )
    for number, artist in enumerate(("Santana", "Santana feat. Rob", "Santana & Dave"), start=1):
        path = root / f"Santana/Supernatural/{number}.mp3"
        tagged(media, path, 500 + number, artist=artist, album="Supernatural")

    made = await read(root, cache)

    assert ["Santana: Supernatural", "Various Artists: Now 50"] == made.albums
