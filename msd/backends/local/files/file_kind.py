"""What a file is, by its name: nothing else is looked at while walking."""

from enum import IntEnum


class FileKind(IntEnum):
    """The kinds of files that matter; everything else is skipped and counted."""

    VIDEO = 1
    AUDIO = 2
    SUBTITLE = 3
    IMAGE = 4
    NFO = 5
    COMPANION = 6  # belongs to a medium or a file manager, holds nothing to play or show
    CUE = 7  # the tracks of one audio file


_EXTENSIONS = {
    FileKind.VIDEO: (
        "3g2 3gp amv asf avi bik divx dv dvr-ms evo f4v flv h264 hevc iso m1v m2t m2ts m2v m4v"
        " mj2 mjpeg mjpg mk3d mkv mov mp4 mpe mpeg mpg mpv mts mxf nrg nsv nut ogm ogv ogx qt rec"
        " rm rmvb roq tp trp ts viv vob vro webm wmv wtv y4m"
    ),
    FileKind.AUDIO: (
        "aa3 aac ac3 ac4 adts aif aifc aiff alac amr ape au caf dff dsf dts dtshd eac3 ec3 flac"
        " gsm m4a m4b m4p m4r mka mlp mp1 mp2 mp3 mpa mpc mpga oga ogg oma opus ra shn snd sox spx"
        " tak thd truehd tta voc w64 wav weba wma wv"
    ),
    FileKind.SUBTITLE: "ass idx smi srt ssa sub sup vtt",
    FileKind.IMAGE: "avif gif jpeg jpg png tbn webp",
    FileKind.NFO: "nfo",
    FileKind.CUE: "cue",
    FileKind.COMPANION: (
        "accurip bdmv bdjo bif bup clpi db edl ffp ifo ini log lrc m3u m3u8 md5 mpls pls sfv sha1"
    ),
}

_KINDS: dict[bytes, FileKind] = {
    b"." + extension.encode(): kind
    for kind, extensions in _EXTENSIONS.items()
    for extension in extensions.split()
}

MEDIA_KINDS = frozenset({FileKind.VIDEO, FileKind.AUDIO})


def split_name(name: bytes) -> tuple[bytes, bytes]:
    """Return stem and lower-cased extension (with its dot; empty when there is none)."""
    stem, dot, extension = name.rpartition(b".")
    if not dot or not stem:
        return name, b""
    return stem, b"." + extension.lower()


def kind_of(name: bytes) -> FileKind | None:
    """Return what a file is, None when nothing of it can be played or shown."""
    return _KINDS.get(split_name(name)[1])
