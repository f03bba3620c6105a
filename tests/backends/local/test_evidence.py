"""Stronger evidence is never overruled by weaker; weaker fills in what is left open."""

from msd.backends.local.evidence import Claim, Evidence, decision, strongest


def test_the_strongest_claim_that_says_something_is_believed():
    """Ids, NFO, tags, the file's name, the folder's, neighbours, the library: in this order."""
    claims = [Claim(evidence.name, evidence) for evidence in Evidence]

    believed = strongest(*claims)

    assert believed is not None
    assert ["LIBRARY", "NEIGHBOURS", "FOLDER_NAME", "FILE_NAME", "TAG", "NFO", "ID"] == [
        claim.value for claim in sorted(claims, key=lambda claim: claim.evidence)
    ]
    assert Evidence.ID is believed.evidence


def test_a_claim_without_a_value_leaves_the_question_open():
    """The weaker one fills in."""
    believed = strongest(Claim("", Evidence.NFO), Claim("Alien", Evidence.FILE_NAME, "Alien.mkv"))

    assert Claim("Alien", Evidence.FILE_NAME, "Alien.mkv") == believed
    assert strongest(Claim(None, Evidence.NFO)) is None


def test_a_decision_names_its_evidence_and_where_it_was_read():
    """In words for those who ask."""
    told = decision("title", Claim("Alien", Evidence.FILE_NAME, "Alien.mkv"))

    assert told is not None
    assert ("title", "Alien", "file-name", "Alien.mkv") == (
        *(told.subject, told.value, told.evidence, told.origin),
    )
    assert decision("title", None) is None
