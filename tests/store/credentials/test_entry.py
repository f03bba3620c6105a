"""What is stored of an account, and what comes back of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api import Credentials
from msd.store.credentials.entry import (
    LONGEST_SECRET,
    LONGEST_TEXT,
    MOST_SERVERS,
    entry_text,
    read_text,
)
from tests.store.credentials.accounts import MANY


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text(), max_size=5))
def test_what_is_stored_comes_back(user_id, token, server_tokens):
    """What is stored comes back (K1).

    Whatever characters a server uses.
    """
    credentials = Credentials(user_id=user_id, token=token, server_tokens=server_tokens)

    assert credentials == read_text(entry_text(credentials))


def test_an_entry_is_one_line():
    """`pass` shows a line at a time."""
    assert "\n" not in entry_text(Credentials(user_id="a\nb", token="c\nd"))


def test_an_older_entry_without_server_tokens_still_loads():
    """A change of msd signs nobody out."""
    assert read_text('{"user_id": "u", "token": "t"}') == Credentials(user_id="u", token="t")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "not json",
        "[" * 100_000,
        '{"user_id": "u"}',
        '{"user_id": 1, "token": "t"}',
        '{"user_id": "u", "token": "t", "server_tokens": {"s": 1}}',
        json.dumps({"user_id": "u", "token": "t" * (LONGEST_SECRET + 1)}),
        json.dumps({"user_id": "u", "token": "t" * LONGEST_TEXT}),
        json.dumps(
            {
                "user_id": "u",
                "token": "t",
                "server_tokens": {str(n): "t" for n in range(MOST_SERVERS + 1)},
            }
        ),
    ],
)
def test_what_is_no_entry_of_msd_counts_as_none(text):
    """An entry is anyone's who can write to the keyring."""
    assert read_text(text) is None


def test_the_repr_of_what_comes_back_shows_no_token():
    """The repr of what comes back shows no token (K1)."""
    assert "canary" not in repr(read_text(entry_text(MANY)))
