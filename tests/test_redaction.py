"""No secret leaves msd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.dbus.messages.variant import Variant
from msd.errors import BackendError
from msd.redaction import MOST, SHOWN, TOLD_LATE_S, Outlet, Redactor, redact

CANARY = "c4n4ry"


@pytest.mark.parametrize(
    "text",
    [
        f'Authorization: MediaBrowser Client="msd", Token="{CANARY}"',
        f"GET /socket?ApiKey={CANARY}&deviceId=x",
        f"GET /socket?a=b&api_key={CANARY}",
        f"X-Plex-Token: {CANARY}",
        f"X-Emby-Token={CANARY}",
        f'{{"Username":"u","Pw":"{CANARY}"}}',
        f'{{"AccessToken": "{CANARY}"}}',
        f"{{'password': '{CANARY}'}}",
        f"password={CANARY}",
        f"Authorization: Bearer {CANARY}",
        f"http://user:{CANARY}@host/",
        f'"Pw":"with \\" quote {CANARY}"',
    ],
)
def test_the_value_behind_a_secret_name_is_not_shown(text):
    """The value behind a secret name is not shown (K1).

    Tokens and passwords never reach a log.
    """
    assert CANARY not in redact(text)


@pytest.mark.parametrize(
    "text", ["the token was refused", "GET /Items?limit=500", "wrong user name or password", ""]
)
def test_harmless_text_stays_as_it_is(text):
    """A log that says nothing helps nobody."""
    assert text == redact(text)


@given(st.text())
def test_any_text_can_be_redacted_again_without_change(text):
    """Redaction is done once it is done."""
    assert redact(redact(text)) == redact(text)


def test_an_error_never_says_what_looks_like_a_secret():
    """An error never says what looks like a secret (K1).

    Whoever raises it, and wherever it is shown.
    """
    assert CANARY not in str(BackendError(f"GET /Items?ApiKey={CANARY} failed"))


@given(st.text(min_size=6), st.text(), st.text())
def test_a_secret_at_hand_is_found_wherever_it_occurs(secret, before, after):
    """A secret at hand is found wherever it occurs (K1).

    Also where nothing around it says what it is.
    """
    redactor = Redactor()
    redactor.learn(secret)

    shown = redactor.text(before + secret + after, Outlet.LOG)

    assert secret not in shown or secret in SHOWN or secret in before + SHOWN + after


@pytest.mark.parametrize("spelling", ["p%26ss%20%C3%B6%2F", "p%26ss+%C3%B6%2F", "p&ss \\u00f6/"])
def test_a_secret_is_found_in_other_spellings(spelling):
    """Addresses and JSON spell it otherwise."""
    redactor = Redactor()
    redactor.learn("p&ss ö/")

    assert SHOWN == redactor.text(spelling, Outlet.LOG)


def test_values_keep_their_shape():
    """What is sent is built of these."""
    redactor = Redactor()
    redactor.learn(CANARY)
    value = [f"a {CANARY}", (1, {CANARY: Variant("as", [CANARY, "b"])}), None]

    clean = redactor.value(value, Outlet.BUS)

    assert [f"a {SHOWN}", (1, {SHOWN: Variant("as", [SHOWN, "b"])}), None] == clean


def test_titles_that_look_like_secrets_are_left_alone():
    """Only what is known to be one is taken out of what the bus serves."""
    redactor = Redactor()
    redactor.learn(CANARY)

    assert ["Secret: Dare to Dream"] == redactor.value(["Secret: Dare to Dream"], Outlet.BUS)


def test_a_password_is_hidden_while_it_is_used_and_a_minute_longer():
    """Errors are told late; but it may be a word that logs need again, and is kept nowhere."""
    now = [0.0]
    redactor = Redactor(clock=lambda: now[0])

    with redactor.hiding("swordfish", "", "abc"):
        now[0] += 1_000
        inside = redactor.text("swordfish abc", Outlet.LOG)
    after = redactor.text("swordfish", Outlet.BUS)
    now[0] += TOLD_LATE_S + 1

    assert f"{SHOWN} abc" == inside
    assert SHOWN == after
    assert "swordfish" == redactor.text("swordfish", Outlet.LOG)
    assert [] == redactor._passing


@pytest.mark.parametrize("leaking", list(Outlet))
def test_an_outlet_leaks_only_when_a_test_says_so(leaking):
    """The canary tests must be able to fail."""
    redactor = Redactor(leaking=[leaking])
    redactor.learn(CANARY)

    for outlet in Outlet:
        leaks = outlet is leaking
        assert leaks == (CANARY in redactor.text(CANARY, outlet))
        assert leaks == (CANARY in redactor.value([CANARY], outlet)[0])
        assert leaks != redactor.is_in(CANARY.encode(), outlet)


def test_old_secrets_are_forgotten_at_last():
    """Years of new tokens are no reason to grow."""
    redactor = Redactor()
    redactor.learn(CANARY)

    redactor.learn(*(f"token-{number}" for number in range(MOST)))

    assert CANARY == redactor.text(CANARY, Outlet.LOG)
