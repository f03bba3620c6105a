"""Technical facts of real files, and what libmediainfo is never shown."""

import http.server
import os
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backends.local.files.opening import open_media
from msd.backends.local.files.probe import NOT_MEDIA, _stream, _technical, probe
from msd.models import ItemDetails, MediaSource
from tests.support.details import check_details


def probed(path):
    with open_media(os.fsencode(path.parent), os.fsencode(path.name)) as file:
        return probe(file)


@pytest.fixture
def server():
    """A real HTTP server that notes what it is asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov", ".avi", ".webm", ".ts", ".mpg"])
def test_every_container_says_its_length_and_streams(media, root, suffix):
    """Every container says its length and streams.

    Durations and technical facts are read from the files.
    """
    found = probed(media.video(root / f"film{suffix}", seconds=2))

    assert found.is_media
    assert 1900 <= found.duration_ms <= 2500
    assert {"video", "audio"} == {stream.kind for stream in found.streams}
    video = next(stream for stream in found.streams if stream.kind == "video")
    assert (video.width, video.height) == (64, 48)


@pytest.mark.parametrize(
    "suffix", [".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".wma", ".aiff"]
)
def test_music_is_media(media, root, suffix):
    """All the usual formats of music."""
    found = probed(media.audio(root / f"tone{suffix}"))

    assert [stream.kind for stream in found.streams] == ["audio"]
    assert 900 <= found.duration_ms <= 1200


def test_a_playlist_in_disguise_fetches_nothing(root, server):
    """A playlist in disguise fetches nothing (K6).

    No URL in a file is followed; libmediainfo would, given an open playlist.
    """
    url, asked = server
    for name, content in {
        "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
        "bom.mkv": f"\ufeff#EXTM3U\n#EXTINF:9,\n{url}/b.ts\n#EXT-X-ENDLIST\n",
        "dash.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:DASH:schema:MPD:2011"><Period>'
        f"<AdaptationSet><Representation><BaseURL>{url}/c.mp4</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>",
        "ref.mov": f"[Reference]\nRef1={url}/d.mov\n",
        "asx.wmv": f'<ASX version="3"><Entry><Ref href="{url}/e.wmv"/></Entry></ASX>',
        "smil.rm": f'<smil><body><video src="{url}/f.rm"/></body></smil>',
    }.items():
        (root / name).write_text(content, encoding="utf-8")

        assert probed(root / name) == NOT_MEDIA, name

    assert asked == []


def test_a_film_whose_content_is_elsewhere_fetches_nothing(media, root, server):
    """A film whose content is elsewhere fetches nothing (K6).

    A QuickTime film may refer to a URL for its content.
    """
    url, asked = server
    path = media.video(root / "film.mov", unique=False)
    path.write_bytes(with_external_content(path.read_bytes(), f"{url}/content.mov".encode()))

    probed(path)

    assert asked == []


def with_external_content(film: bytes, url: bytes) -> bytes:
    """Exchange every self-contained data reference of a QuickTime film for a URL."""

    def boxes(start, end):
        while start + 8 <= end:
            size, kind = struct.unpack(">I4s", film[start : start + 8])
            yield start, start + size, kind
            start += size

    def rebuilt(start, end):
        out = b""
        for begin, finish, kind in boxes(start, end):
            if kind == b"url ":
                body = b"\0\0\0\0" + url + b"\0"
            elif kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
                body = rebuilt(begin + 8, finish)
            elif kind == b"dref":
                body = film[begin + 8 : begin + 16] + rebuilt(begin + 16, finish)
            else:
                body = film[begin + 8 : finish]
            out += struct.pack(">I4s", 8 + len(body), kind) + body
        return out

    changed = rebuilt(0, len(film))
    assert url in changed
    return changed


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"RIFF", b"text", b"\x1aE\xdf\xa3", b"ID3"])
def test_broken_files_are_no_media_and_raise_nothing(root, content):
    """Zero-length and corrupt media must not raise."""
    (root / "film.mkv").write_bytes(content)

    assert not probed(root / "film.mkv").is_media


def test_a_film_cut_anywhere_raises_nothing(media, root):
    """A half copied file is either media or not."""
    for suffix in (".mkv", ".mp4", ".avi"):
        whole = media.video(root / f"film{suffix}").read_bytes()
        for length in range(0, len(whole), max(1, len(whole) // 12)):
            (root / f"cut{suffix}").write_bytes(whole[:length])
            probed(root / f"cut{suffix}")


def test_a_film_with_noise_in_it_raises_nothing(media, root):
    """Hostile bytes behind a good beginning."""
    whole = bytearray(media.video(root / "film.mkv").read_bytes())
    for offset in range(50, len(whole), 997):
        whole[offset : offset + 8] = b"\xff" * 8
    (root / "noise.mkv").write_bytes(whole)

    probed(root / "noise.mkv")


def test_a_disc_image_is_media(root):
    """Nobody looks inside an ISO, but it can be played."""
    (root / "disc.iso").write_bytes(b"\0" * 0x8001 + b"CD001" + b"\0" * 100)

    assert probed(root / "disc.iso").container == "iso"


def test_chapters_become_markers(media, root):
    """Chapters as markers."""
    meta = root / "chapters.txt"
    meta.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=Opening: one\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=Ending\n"
    )
    path = media.video(root / "film.mkv", extra=("-i", str(meta), "-map_metadata", "2"))

    markers = probed(path).chapters

    assert [(m.start_ms, m.title) for m in markers] == [(0, "Opening: one"), (500, "Ending")]


@pytest.mark.parametrize(
    ("transfer", "hdr"), [("smpte2084", "hdr10"), ("arib-std-b67", "hlg"), ("bt709", "")]
)
def test_the_kind_of_dynamic_range_is_told(media, root, transfer, hdr):
    """By the transfer function of the picture."""
    film = media.video(root / f"{transfer}.mkv", extra=("-color_trc", transfer))

    picture, _ = probed(film).streams

    assert hdr == picture.hdr


@pytest.mark.parametrize(
    ("channels", "layout"), [(1, "mono"), (2, "stereo"), (6, "5.1"), (8, "7.1")]
)
def test_a_layout_of_loudspeakers_has_its_usual_name(media, root, channels, layout):
    """Bass apart: "5.1", not the names of six places."""
    film = media.video(root / f"{channels}.mkv", extra=("-ac", str(channels)))

    _, sound = probed(film).streams

    assert (channels, layout) == (sound.channels, sound.channel_layout)
    assert sound.profile or sound.codec


@pytest.mark.parametrize(
    ("track", "hdr", "spatial"),
    [
        ({"hdr_format": "Dolby Vision / SMPTE ST 2086"}, "dolby-vision", ""),
        ({"hdr_format": "SMPTE ST 2094 App 4"}, "hdr10plus", ""),
        ({"hdr_format": "SMPTE ST 2086", "transfer_characteristics": "PQ"}, "hdr10", ""),
        ({"commercial_name": "Dolby Digital Plus with Dolby Atmos"}, "", "atmos"),
        ({"format_additionalfeatures": "XLL X"}, "", "dtsx"),
        ({"commercial_name": "DTS:X"}, "", "dtsx"),
        ({"hdr_format": 5, "commercial_name": []}, "", ""),
    ],
)
def test_words_of_libmediainfo_for_formats_that_no_encoder_here_writes(track, hdr, spatial):
    """As its documentation has them."""
    stream = _stream(0, {"track_type": "Video"} | track)

    assert (hdr, spatial) == (stream.hdr, stream.spatial)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
TRACKS = st.lists(
    st.dictionaries(
        st.sampled_from(
            [
                *("format", "format_profile", "language", "title", "default", "forced", "width"),
                *("height", "channel_s", "channel_layout", "hdr_format", "commercial_name"),
                *("transfer_characteristics", "duration", "overall_bit_rate", "00_00_01_000"),
                *("99_99_99_999", "servicekind"),
            ]
        ),
        VALUES | st.lists(VALUES, max_size=3),
        max_size=12,
    ).flatmap(
        lambda track: st.sampled_from(["General", "Video", "Audio", "Text", "Menu", "Other"]).map(
            lambda kind: track | {"track_type": kind}
        )
    ),
    max_size=6,
)


@given(TRACKS)
def test_any_words_of_libmediainfo_give_details_in_bounds(tracks):
    """A hostile file may make it say anything (K5)."""
    found = _technical(tracks)

    check_details(
        ItemDetails(
            media_sources=(
                MediaSource(
                    remote_id="f",
                    container=found.container,
                    bitrate=found.bitrate,
                    duration_ms=found.duration_ms,
                    streams=found.streams,
                ),
            ),
            markers=found.chapters,
        )
    )
