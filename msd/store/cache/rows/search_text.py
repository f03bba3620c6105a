"""Text as it is searched: folded the same way when it is stored and when somebody types it.

    "WALL·E"                 wall e walle
    "World's End"            worlds world s end
    "Ocean's Eleven"         oceans ocean s eleven 11
    "SpongeBob SquarePants"  spongebob squarepants sponge bob square pants
    "Müller"                 muller mueller
    "Брат 2"                 брат 2 brat
    "無間道"                  無 間 道 無間道 wu jian dao wujiandao

The plain words (`plain_words`) are what is compared, the rest are other ways to type them
(`search_tokens`). Latin letters lose their accents; other scripts keep their own letters and get
Latin ones beside them; Chinese, Japanese and Korean characters are words of their own.
"""

# ruff: noqa: RUF001 - letters that look alike are what this is about

import re
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import combining, name, normalize

MOST_WORDS = 32
MAX_LENGTH = 300  # characters of a text that are looked at
LISTED_LETTERS = 24  # of each word in the list of all words
_SEARCHED_PEOPLE = 40  # of an item
_FIRST_MARK, _MARKS = 0xF0000, 0xFFFE  # characters for private use

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʻ`´ʹ′"))
_WORD = re.compile(r"[^\W_]+")
_ONLY_WORDS = re.compile(r"[A-Z]?[a-z]+(?: [A-Z]?[a-z]+){0,11}")  # most titles
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIGN = re.compile("[&＆%½¼¾]")
_SIGNS = str.maketrans(
    {"&": " and ", "＆": " and ", "%": " percent ", "½": " 1/2", "¼": " 1/4", "¾": " 3/4"}
)
# Letters without a decomposition, as most people type them.
_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss",
        "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ə": "e",
    }
)  # fmt: skip
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_LEET = str.maketrans("013457!$@", "oieastisa")
_LEET_SIGNS = re.compile(r"[$@]|(?<=[a-z])!(?=\w)|(?<=[a-z])[013457]|[013457](?=[a-z])")
_LATIN_ENDS = 0x250
_MORE_LATIN = range(0x1E00, 0x1F00)
# Kana, ideographs, Hangul; a word of them is written without spaces.
_BY_CHARACTER = (
    range(0x3040, 0x3100),
    range(0x31F0, 0x3200),
    range(0x3400, 0x4DC0),
    range(0x4E00, 0xA000),
    range(0xAC00, 0xD7B0),
    range(0xF900, 0xFB00),
    range(0x20000, 0x32000),
)
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {word: value for value, word in enumerate(_UNITS.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), start=2)
}
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_NUMBERS |= {word: value for value, word in enumerate(_ORDINALS.split(), start=1)}
_ORDINAL = re.compile(r"([0-9]{1,9})(?:st|nd|rd|th)")
_ROMAN = "ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_ROMANS = {roman: value for value, roman in enumerate(_ROMAN.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000}
_HAVE_NO_DIGITS = frozenset({*_NUMBERS, *_ROMANS, *_SCALES, "half"})
OPTIONAL = frozenset({"the", "a", "an", "and"})
_HAVE_OTHER_FORMS = _HAVE_NO_DIGITS | OPTIONAL
# "the" in Arabic and Hebrew is written as the beginning of its word.
_ATTACHED_ARTICLE = re.compile("(?:ال|ה)(.{2,})")


def plain_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in the form that is compared: "The Éclair" is the, eclair."""
    return _folded_text(text)[0]


def search_tokens(text: str) -> str:
    """Return every way to type the words of a text, with spaces between them."""
    return _folded_text(text)[1]


def listing_mark(listing: int) -> str:
    """Return the word that the index has for a listing; nobody can type it."""
    return chr(_FIRST_MARK + listing % _MARKS)


def people_words(names: Sequence[str]) -> str:
    """Return every way to type the names of an item's people."""
    return " ".join(map(search_tokens, names[:_SEARCHED_PEOPLE]))


def number_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return words with written and Roman numbers as digits: ocean, eleven is ocean, 11."""
    if _HAVE_NO_DIGITS.isdisjoint(words) and "".join(words).isalpha():
        return words
    found: list[str] = []
    before: int | None = None  # the number that the last word wrote out
    for at, word in enumerate(words):
        value = _number(word, is_first=at == 0)
        if word in _SCALES:
            before = (before if before is not None and before < _SCALES[word] else None) or 0
            value = max(before, 1) * _SCALES[word]
            found[-1:] = [str(value)] if before else [*found[-1:], str(value)]
        elif word == "half":
            found += ["1", "2"]
        elif value is None:
            found.append(word)
        elif before is not None and not word.isdigit() and _continues(before, value):
            value = before + value
            found[-1] = str(value)
        elif before is not None and before < 10 and value < 10 and not word.isdigit():  # noqa: PLR2004
            found[-1] += str(value)  # nine nine
        else:
            found.append(str(value))
        before = None if value is None or word.isdigit() else value
    return tuple(found)


def _continues(before: int, value: int) -> bool:
    """Tell whether a number word goes on with one: twenty one, hundred twelve."""
    if before >= _SCALES["hundred"] and not before % _SCALES["hundred"]:
        return 0 < value < _SCALES["hundred"]
    return before >= 20 and not before % 10 and 0 < value < 10  # noqa: PLR2004 - tens and units


@lru_cache(maxsize=2048)
def joined_forms(text: str) -> tuple[str, frozenset[str]]:
    """Return a text without spaces, and in the other forms in which it is the same text.

    "The Fifth Element" is "thefifthelement", and "fifthelement" or "5element" as well.
    """
    words = plain_words(text)
    whole = "".join(words)
    if _HAVE_OTHER_FORMS.isdisjoint(words) and whole.isalpha() and text.isascii():
        return whole, frozenset((whole,))
    plain = without_optional(words)
    forms = {"".join(plain), "".join(number_words(plain))}
    if not text.isascii():
        german = plain_words(text.lower().translate(_GERMAN))
        forms.add("".join(without_optional(german)))
    return whole, frozenset(forms)


def without_optional(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return words without articles and "and", unless nothing else is there."""
    return tuple(word for word in words if word not in OPTIONAL) or words


def is_by_character(word: str) -> bool:
    """Tell whether a word is one character of a script without spaces."""
    return len(word) == 1 and _is_by_character(word)


@lru_cache(maxsize=2048)
def _folded_text(text: str) -> tuple[tuple[str, ...], str]:
    if _ONLY_WORDS.fullmatch(text):
        tokens = text.lower()
        words = tuple(tokens.split())
    else:
        folded = [_folded_chunk(chunk) for chunk in _chunks(text)]
        words = tuple([word for plain, _ in folded for word in plain][:MOST_WORDS])
        tokens = " ".join([token for _, token in folded])
    if not _HAVE_NO_DIGITS.isdisjoint(words) or _ORDINAL.search(tokens):
        tokens = f"{tokens} {' '.join(number_words(without_optional(words)))}"
    return words, tokens


def _chunks(text: str) -> list[str]:
    """Return what stands between the spaces of a text."""
    cut = text[:MAX_LENGTH]
    if _SIGN.search(cut):
        cut = cut.translate(_SIGNS)
    if not cut.isascii():
        cut = normalize("NFKC", cut)
    if not _WORD.search(cut) and not cut.isspace():
        cut = " ".join(name(character, "") for character in cut)  # "★" is a black star
    return cut.split()


@lru_cache(maxsize=8192)
def _folded_chunk(chunk: str) -> tuple[tuple[str, ...], str]:
    """Return the words of a chunk as they are compared, and every way to type them."""
    if chunk == "+":
        return ("and",), "and"
    words = [word for run in _WORD.findall(chunk.translate(_APOSTROPHES)) for word in _plain(run)]
    tokens = dict.fromkeys(words)
    _add_chunk(tokens, chunk)
    return tuple(words), " ".join(tokens)


def _plain(run: str) -> list[str]:
    """Return a run of letters and digits as it is compared."""
    if run.isascii():
        return [run.lower()]
    words: list[str] = []
    rest = ""
    for character in run:
        if _is_by_character(character):
            words += [_folded(rest), character] if rest else [character]
            rest = ""
        else:
            rest += character
    return [*words, _folded(rest)] if rest else words


def _folded(run: str) -> str:
    """Return letters without case and accents; those of other scripts stay what they are."""
    plain = "".join(c for c in normalize("NFD", run.casefold()) if not combining(c))
    return normalize("NFC", plain).translate(_LETTERS)


def _add_chunk(tokens: dict[str, None], chunk: str) -> None:
    runs = _WORD.findall(chunk)
    whole = "".join(_WORD.findall(chunk.translate(_APOSTROPHES)))
    for run in [*runs, whole] if len(runs) > 1 else runs:
        tokens.update(dict.fromkeys(_plain(run)))
        if not run.isascii():
            _add_other_letters(tokens, run)
    if len(whole) < len(chunk) or not chunk.islower():
        for run in runs:
            parts = _CAMEL.split(run)
            if len(parts) > 1:
                tokens.update((part.lower(), None) for part in parts)
    lower = chunk.lower()
    if _LEET_SIGNS.search(lower) and not whole.isdigit():
        tokens.update(dict.fromkeys(_WORD.findall(lower.translate(_LEET))))


def _add_other_letters(tokens: dict[str, None], run: str) -> None:
    """Add the spellings of a run that is not plain ASCII: ue for ü, Latin for other scripts."""
    lower = run.lower()
    german = lower.translate(_GERMAN)
    if german != lower:
        tokens.update(dict.fromkeys(_plain(german)))
    if all(ord(c) < _LATIN_ENDS or ord(c) in _MORE_LATIN for c in run):
        return
    from anyascii import anyascii  # noqa: PLC0415 - heavy, and only for other scripts

    if (attached := _ATTACHED_ARTICLE.fullmatch(_folded(run))) is not None:
        tokens[attached[1]] = None
    if any(map(_is_by_character, run)):
        tokens[run] = None
        latin = [anyascii(character).lower() for character in run]
        tokens.update(dict.fromkeys(part for part in latin if part.isalnum()))
        tokens["".join(filter(str.isalnum, "".join(latin)))] = None
        return
    for spelling in dict.fromkeys((lower, lower.replace("ё", "йо"))):
        tokens["".join(filter(str.isalnum, anyascii(spelling).lower()))] = None


def _is_by_character(character: str) -> bool:
    code = ord(character)
    return code >= _BY_CHARACTER[0].start and any(code in block for block in _BY_CHARACTER)


def _number(word: str, *, is_first: bool) -> int | None:
    if word.isascii() and word.isdigit():
        return int(word[:18])
    if word in _NUMBERS:
        return _NUMBERS[word]
    if (ordinal := _ORDINAL.fullmatch(word)) is not None:
        return int(ordinal[1])
    # A title that begins with X or V rather means the letter.
    return None if is_first and len(word) == 1 else _ROMANS.get(word)
