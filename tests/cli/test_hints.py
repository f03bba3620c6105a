"""Hints that fit what happened, and none where the sentence says all."""

import pytest

from msd.cli.errors import from_bus
from msd.cli.hints import hint_for, hint_for_adding, hint_for_status, with_flags

CLEAR = "the server is on the internet and its address is not encrypted; use https, or set"
NO_TLS = "the secure connection failed: wrong version number"


@pytest.mark.parametrize(
    ("code", "text", "hint"),
    [
        ("AuthRefused", "does not accept this user name and password", "and the password"),
        ("AuthRefused", "the server does not accept this user name", "check the user name"),
        ("AuthRequired", "the keyring is locked; unlock it to sign in", "msdctl unlock"),
        ("AuthRequired", "no keyring service is running", "start a keyring"),
        ("AuthRequired", "the server no longer accepts the sign-in", "msdctl reauth"),
        ("NotSupported", "the source is disabled; enable it first", "msdctl enable"),
        ("KeyringLocked", "the keyring is locked", "msdctl unlock"),
    ],
)
def test_a_hint_says_what_to_do(code, text, hint):
    """One sentence and a hint."""
    assert hint in hint_for(code, text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("AuthRefused", "the server does not let this user in: disabled, or too many sessions"),
        ("NotSupported", "this source can't do that"),
        ("BadResponse", "the server's answer can't be read"),
    ],
)
def test_no_hint_is_better_than_a_wrong_one(code, text):
    """A user who is shut out gains nothing from typing the password again."""
    assert hint_for(code, text) == ""


@pytest.mark.parametrize(
    ("code", "text", "address", "hint"),
    [
        ("TlsError", NO_TLS, "https://nas.lan:8096", "try http://nas.lan:8096"),
        ("TlsError", f"{CLEAR} --allow-insecure", "http://nas.example", "--allow-insecure"),
        ("Unreachable", "no route", "nas.lan", "nas.lan"),
    ],
)
def test_adding_in_vain_has_hints_of_its_own(code, text, address, hint):
    """What was typed is at hand then."""
    assert hint in hint_for_adding(code, text, address)


@pytest.mark.parametrize("address", ["http://nas.lan:8096/jf", "nas.lan:8096"])
def test_an_address_that_the_sentence_names_is_not_repeated(address):
    """No hint where the sentence says all."""
    assert hint_for_adding("Unreachable", "nas.lan:8096 refused the connection", address) == ""


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (NO_TLS, "http://nas.lan"),
        (NO_TLS, "nas.lan"),
        ("the secure connection failed: self-signed certificate", "https://nas.lan"),
    ],
)
def test_encryption_is_not_given_up_without_need(text, address):
    """A certificate that is not trusted is no reason for http."""
    assert hint_for_adding("TlsError", text, address) == ""


def test_options_are_called_as_on_the_command_line():
    """Nobody types the daemon's names."""
    error = from_bus("org.msd.Msd1.Error.TlsError", f"{CLEAR} allow_insecure")

    assert error.message.endswith("use https, or give --allow-insecure")
    assert with_flags("unknown option allow_insecure") == "unknown option --allow-insecure"


@pytest.mark.parametrize(
    ("status", "reason", "hint"),
    [
        ("needs-auth", "keyring-locked", "unlock it with `msdctl unlock`"),
        ("needs-auth", "keyring-unavailable", "start a keyring"),
        ("needs-auth", "token-refused", "`msdctl reauth s1`"),
        ("needs-auth", "share-withdrawn", "ask the owner"),
        ("offline", "account-gone", "`msdctl remove s1`"),
        ("needs-auth", "some-new-word", "`msdctl reauth s1`"),
        ("offline", "disabled", "`msdctl enable s1`"),
        ("connected", "deletes-held", "`msdctl confirm-deletes s1`"),
    ],
)
def test_a_status_that_needs_the_user_says_what_to_do(status, reason, hint):
    """A status that needs the user says what to do."""
    row = {"id": "s1", "kind": "jellyfin", "address": "http://x"}

    assert hint in hint_for_status(row | {"status": status, "status_reason": reason})


@pytest.mark.parametrize(("status", "reason"), [("connected", "ok"), ("offline", "timeout")])
def test_a_status_that_heals_by_itself_has_no_hint(status, reason):
    """A status that heals by itself has no hint."""
    assert hint_for_status({"id": "s1", "status": status, "status_reason": reason}) == ""
