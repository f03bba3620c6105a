"""How well an item fits a typed text, and where its words were found."""

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from msd.store.cache.reads.search.candidates import TYPE_ORDER, Candidate, CandidateReader
from msd.store.cache.reads.search.readings import Reading
from msd.store.cache.rows.search_text import (
    joined_forms,
    people_words,
    plain_words,
    search_tokens,
)


class Level(IntEnum):
    """How a text fits an item, best first."""

    EXACT = 0
    EXACT_BUT_FORM = 1  # but for an article, or a number in another form
    EXACT_ORIGINAL = 2
    BEGINNING = 3
    TITLE = 4  # all words are in the title
    ORIGINAL = 5  # … or in another title
    PLACE = 6  # … or in show, album, artist or year
    PERSON = 7
    MISTAKE = 8  # added for a typing mistake


class Hit(Struct, frozen=True, kw_only=True):
    """An item that fits."""

    item: Candidate
    level: int
    whole_words: int
    match: str
    matched: str  # the text that fitted

    @property
    def is_fuzzy(self) -> bool:
        """Whether it fits only when a mistake is forgiven."""
        return self.level >= Level.MISTAKE

    @property
    def order(self) -> tuple[object, ...]:
        """What hits are sorted by."""
        item = self.item
        is_beginning = self.level % Level.MISTAKE == Level.BEGINNING
        return (
            self.level,
            -self.whole_words,
            TYPE_ORDER.get(item.type, 0),
            item.position_ms == 0,
            item.play_count == 0,
            len(item.title) if is_beginning else 0,
            -(item.year or 0),
            item.pk,
        )


class _Form(Struct, frozen=True):
    """A text without spaces, and in the other forms in which it is the same text."""

    whole: str
    forms: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "_Form":
        whole, forms = joined_forms(text)
        return cls(whole, forms, (whole, *forms))


class Typed:
    """A text in the forms that titles are compared with as a whole."""

    def __init__(self, text: str) -> None:
        self._form = _Form.of(text)
        words = text.split()
        # "true grit 1969": the year is no part of the title.
        self._year = int(words[-1]) if len(words) > 1 and _is_year(words[-1]) else None
        self._without_year = _Form.of(" ".join(words[:-1]))

    def level(self, item: Candidate) -> Level | None:
        """Return how the whole text fits a title, None when it does not."""
        is_of_year = self._year is not None and self._year == item.year
        typed = self._without_year if is_of_year else self._form
        title, forms = joined_forms(item.title)
        if title == typed.whole:
            return Level.EXACT
        if not typed.forms.isdisjoint(forms):
            return Level.EXACT_BUT_FORM
        if title.startswith(typed.beginnings):
            return Level.BEGINNING
        if len(forms) > 1 and any(form.startswith(typed.beginnings) for form in forms):
            return Level.BEGINNING
        return None

    def is_all_of(self, title: str) -> bool:
        """Return whether the text is exactly a title."""
        return joined_forms(title)[0] == self._form.whole


class Fit:
    """Tells which candidates fit a text."""

    def __init__(
        self,
        reader: CandidateReader,
        texts: Sequence[str],
        wanted: Sequence[Reading],
        worse_by: int = 0,
    ) -> None:
        """Take the text in each way in which it may be meant as a whole, and its readings.

        `worse_by` is added to each level.
        """
        self._reader = reader
        self._typed = [Typed(text) for text in texts]
        self.wanted = wanted
        self._worse_by = worse_by

    def hits(self, candidates: Sequence[Candidate]) -> list[Hit]:
        """Return those that fit, in no order."""
        found: list[Hit] = []
        rest: list[Candidate] = []
        for item in candidates:
            hit = self._by_title(item)
            if hit is None:
                rest.append(item)
            else:
                found.append(hit)
        return [*found, *self._by_more(rest)] if rest else found

    def _by_title(self, item: Candidate) -> Hit | None:
        level = self._level(item)
        if level is not None:
            words = " ".join(plain_words(item.title))
            return self._hit(item, level, self._whole_words(f" {words} ") or 0)
        whole_words = self._whole_words(_tokens(item.title))
        return None if whole_words is None else self._hit(item, Level.TITLE, whole_words)

    def _level(self, item: Candidate) -> Level | None:
        levels = [level for text in self._typed if (level := text.level(item)) is not None]
        return min(levels) if levels else None

    def _by_more(self, items: Sequence[Candidate]) -> list[Hit]:
        """Return what fits by its original title, by its place with that, or by its people."""
        found: list[Hit] = []
        rest: list[tuple[Candidate, str]] = []
        originals = self._reader.originals([item.pk for item in items])
        for item in items:
            original = originals.get(item.pk, "")
            tokens = f"{_tokens(item.title)}{search_tokens(original)} "
            hit = self._by_original(item, original, tokens) or self._by_place(item, tokens)
            if hit is None:
                rest.append((item, f"{tokens}{_place(item)} "))
            else:
                found.append(hit)
        if rest:
            people = self._reader.people([item.pk for item, _ in rest])
            for item, tokens in rest:
                names = people.get(item.pk, ())
                whole = self._whole_words(f"{tokens}{people_words(names)} ")
                if whole is not None:
                    name = next(filter(self._has_a_word, names), "")
                    found.append(self._hit(item, Level.PERSON, whole, ("person", name)))
        return found

    def _by_original(self, item: Candidate, original: str, tokens: str) -> Hit | None:
        if not original:
            return None
        is_exact = any(text.is_all_of(original) for text in self._typed)
        whole = self._whole_words(tokens)
        if whole is None and not is_exact:
            return None
        level = Level.EXACT_ORIGINAL if is_exact else Level.ORIGINAL
        return self._hit(item, level, whole or 0, ("original_title", original))

    def _by_place(self, item: Candidate, tokens: str) -> Hit | None:
        whole = self._whole_words(f"{tokens}{_place(item)} ")
        if whole is None:
            return None
        return self._hit(item, Level.PLACE, whole, self._place(item))

    def _place(self, item: Candidate) -> tuple[str, str] | None:
        """Return in what else than the title the words are: show, album or artist, and its text."""
        for name, text in (("show", item.show), ("album", item.album), ("artist", item.artist)):
            if text is not None and self._has_a_word(text):
                return name, text
        return None

    def _has_a_word(self, text: str) -> bool:
        words = tuple(word for reading in self.wanted for word in reading.words)
        return any(word.startswith(words) for word in plain_words(text))

    def _whole_words(self, tokens: str) -> int | None:
        """Return how many words of a reading are there as a whole; None when none fits."""
        fits = [
            fit for reading in self.wanted if (fit := reading.whole_words_in(tokens)) is not None
        ]
        return max(fits) if fits else None

    def _hit(
        self, item: Candidate, level: Level, whole_words: int, match: tuple[str, str] | None = None
    ) -> Hit:
        name, text = match or ("title", item.title)
        return Hit(
            item=item,
            level=level + self._worse_by,
            whole_words=whole_words,
            match=name,
            matched=text,
        )


def _tokens(text: str) -> str:
    return f" {search_tokens(text)} "


def _place(item: Candidate) -> str:
    texts = (item.show, item.artist, item.album, item.year)
    return " ".join(search_tokens(str(text)) for text in texts if text is not None)


def _is_year(word: str) -> bool:
    return len(word) == 4 and word.isascii() and word.isdigit()  # noqa: PLR2004 - digits
