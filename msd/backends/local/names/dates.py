"""Dates in the names of daily programmes, in all usual orders."""

import datetime as dt
import re

import msgspec

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero gennaio januari",
            "february feb februar février febrero febbraio februari",
            "march mar märz maerz mars marzo maart",
            "april apr avril abril aprile",
            "may mai mayo maggio mei maj",
            "june jun juni juin junio giugno",
            "july jul juli juillet julio luglio",
            "august aug août aout agosto augustus augusti",
            "september sep sept septembre septiembre settembre",
            "october oct oktober okt octobre octubre ottobre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre diciembre dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?P<year>19[3-9]\d|20\d\d)"
_ORDINAL = r"(?:st|nd|rd|th|\.)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?<!\d){_YEAR}[ ._-](?P<month>\d\d?)[ ._-](?P<day>\d\d?)(?!\d)",
        rf"(?<!\d)(?P<day>\d\d?)[ ._-](?P<month>\d\d?)[ ._-]{_YEAR}(?!\d)",
        rf"(?<![^\W_]){_YEAR}(?P<month>\d\d)(?P<day>\d\d)(?![^\W_])",
        rf"(?<!\d)(?P<day>\d\d?){_ORDINAL}[ ._-]*(?P<name>{_MONTH})\.?,?[ ._-]+{_YEAR}(?!\d)",
        rf"(?<![^\W_])(?P<name>{_MONTH})\.?[ ._-]+(?P<day>\d\d?){_ORDINAL},?[ ._-]+{_YEAR}(?!\d)",
        rf"(?<!\d){_YEAR}[ ._-]+(?P<name>{_MONTH})\.?[ ._-]+(?P<day>\d\d?)(?!\d)",
        rf"(?<!\d){_YEAR}年(?P<month>\d\d?)月(?P<day>\d\d?)日",
    )
)
_LAST_MONTH = 12


class NamedDate(msgspec.Struct, frozen=True, kw_only=True):
    """A date in a name, and where in the name it stands."""

    iso: str  # "2025-03-05"
    year: int
    start: int
    end: int


def date_in(name: str) -> NamedDate | None:
    """Return the first real date in a name.

    Of two small numbers the first is the day ("14.11.1996"), unless that can't be ("11-14-1996").
    """
    for form in _FORMS:
        for match in form.finditer(name):
            found = _date(match)
            if found is not None:
                return NamedDate(
                    iso=found.isoformat(), year=found.year, start=match.start(), end=match.end()
                )
    return None


def _date(match: re.Match[str]) -> dt.date | None:
    parts = match.groupdict()
    day, year = int(parts["day"]), int(parts["year"])
    named = parts.get("name")
    month = _MONTHS[named.lower()] if named else int(parts["month"])
    if month > _LAST_MONTH >= day and not named:
        month, day = day, month
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
