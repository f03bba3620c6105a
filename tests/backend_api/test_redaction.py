"""No secret in a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api.redaction import redact

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
    """K1: tokens and passwords never reach a log."""
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
