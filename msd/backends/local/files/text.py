"""Names and titles from outside made fit to store: valid, printable, bounded, and comparable."""

import re
import unicodedata

MAX_TITLE = 500
MAX_TEXT = 20_000

# Control characters, lone surrogates, and marks that turn the direction of what others show.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    r"\ud800-\udfff\ufeff\ufffe\uffff]"
)
_SPACE = re.compile(r"\s+")
_NOT_WORD = re.compile(r"[\W_]+")
_ARTICLE = re.compile(r"^(?:the|a|an)\s+(?=\S)", re.IGNORECASE)


def clean_text(value: str, limit: int = MAX_TEXT) -> str:
    """Return text without control characters and lone surrogates, cut to `limit`."""
    return _CONTROL.sub("", value[: limit * 2]).strip()[:limit]


def clean_title(value: str) -> str:
    """Return one line of text fit for a title."""
    return _SPACE.sub(
        " ", clean_text(value.replace("\n", " ").replace("\t", " "), MAX_TITLE)
    ).strip()


def decode_name(name: bytes) -> str:
    """Return a file name as text; bytes that are no UTF-8 show as U+FFFD."""
    text = name.decode("utf-8", "replace")
    if text.isascii() and text.isprintable():  # nearly always, and there are many
        return text.strip()[:MAX_TEXT]
    return unicodedata.normalize("NFC", clean_text(_SPACE.sub(" ", text)))


def title_key(title: str) -> str:
    """Return what two spellings of one title have in common; never empty for a real title."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    without_article = _ARTICLE.sub("", folded)
    return _NOT_WORD.sub("", without_article) or folded.strip()
