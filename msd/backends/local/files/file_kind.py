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


_EXTENSIONS = {
    FileKind.VIDEO: (
        "3g2 3gp asf avi divx f4v flv iso m2ts m2v m4v mk3d mkv mov mp4 mpe mpeg mpg mts ogm ogv"
        " qt rm rmvb ts vob webm wmv wtv"
    ),
    FileKind.AUDIO: "aac aif aifc aiff flac m4a m4b mka mp2 mp3 mpga oga ogg opus wav wma",
    FileKind.SUBTITLE: "ass idx smi srt ssa sub sup vtt",
    FileKind.IMAGE: "gif jpeg jpg png tbn webp",
    FileKind.NFO: "nfo",
    FileKind.COMPANION: "bif bup cue db ifo ini log lrc m3u m3u8 md5 pls sfv",
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
