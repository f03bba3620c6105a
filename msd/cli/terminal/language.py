"""Languages of streams in words: servers write `eng`, `en` or `en-US`."""

from __future__ import annotations

from typing import NamedTuple

# ISO 639: two letters, three letters, and the older three letters where there are two of them.
_TABLE = """\
ar ara Arabic|bg bul Bulgarian|bn ben Bengali|ca cat Catalan|cs ces cze Czech|cy cym wel Welsh
da dan Danish|de deu ger German|el ell gre Greek|en eng English|es spa Spanish|et est Estonian
eu eus baq Basque|fa fas per Persian|fi fin Finnish|fr fra fre French|ga gle Irish|gl glg Galician
he heb Hebrew|hi hin Hindi|hr hrv Croatian|hu hun Hungarian|id ind Indonesian|is isl ice Icelandic
it ita Italian|ja jpn Japanese|ko kor Korean|lt lit Lithuanian|lv lav Latvian|ms msa may Malay
nb nob Norwegian|nl nld dut Dutch|no nor Norwegian|pl pol Polish|pt por Portuguese
ro ron rum Romanian|ru rus Russian|sk slk slo Slovak|sl slv Slovenian|sr srp Serbian|sv swe Swedish
ta tam Tamil|te tel Telugu|th tha Thai|tr tur Turkish|uk ukr Ukrainian|vi vie Vietnamese
zh zho chi Chinese"""


class Language(NamedTuple):
    """A language: `en`, `English`."""

    code: str
    name: str


def _table() -> dict[str, Language]:
    rows = [row.split() for row in _TABLE.replace("\n", "|").split("|")]
    return {code: Language(codes[0], name) for *codes, name in rows for code in codes}


_LANGUAGES = _table()


def language(code: str) -> Language:
    """Return the language of a code; one that is not known stays as it is, `und` is nothing."""
    plain = code.lower().partition("-")[0]
    if plain in ("und", "unk"):
        return Language("", "")
    return _LANGUAGES.get(plain, Language(code, code))
