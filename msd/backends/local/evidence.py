"""The order of evidence: which of several statements about a file is believed.

Stronger evidence is never overruled by weaker; weaker evidence only fills in what the stronger
leaves open. Every decision can be asked for (`msdctl show --why`): it is kept as a `Decision`.
"""

from enum import IntEnum
from typing import Generic, TypeVar

import msgspec

from msd.models import Decision

Value = TypeVar("Value")


class Evidence(IntEnum):
    """Where a statement comes from; the larger number is the stronger evidence."""

    LIBRARY = 1  # what the library mostly holds, or is called
    NEIGHBOURS = 2  # what lies beside the file
    FOLDER_NAME = 3
    FILE_NAME = 4
    TAG = 5
    NFO = 6
    ID = 7  # an id in a name, or the user's own choice


class Claim(msgspec.Struct, Generic[Value], frozen=True):
    """One statement: a value, or None where the evidence says nothing."""

    value: Value | None
    evidence: Evidence
    origin: str = ""  # the path or name it was read from


def strongest(*claims: Claim[Value]) -> Claim[Value] | None:
    """Return the claim that is believed, None when none of them says anything.

    Of two claims of the same strength the first one counts.
    """
    stated = [claim for claim in claims if claim.value not in (None, "", ())]
    return max(stated, key=lambda claim: claim.evidence, default=None)


def decision(subject: str, claim: Claim[Value] | None) -> Decision | None:
    """Return how something was decided, as a record for those who ask."""
    if claim is None:
        return None
    return Decision(
        subject=subject,
        value=str(claim.value),
        evidence=claim.evidence.name.lower().replace("_", "-"),
        origin=claim.origin,
    )
