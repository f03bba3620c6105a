"""What the user of a source may see."""

import msgspec

from msd.models.ids import RemoteId


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What a server lets one user see (Y19).

    `digest` is equal for equal rights, in every process and at every time; msd only compares it.
    It is made of what restricts the user (libraries, parental ratings, blocked and allowed tags,
    hidden libraries, shares) and of nothing that moves by itself, such as the time of a sign-in.
    """

    digest: str
    libraries: frozenset[RemoteId] | None = None  # that he may see; None: not told one by one
    restrictions: str = ""  # for people, e.g. "parental rating up to 12, 2 libraries hidden"
