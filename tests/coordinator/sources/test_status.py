"""The axes of a source, and the public status derived from them."""

import pytest

from msd import errors
from msd.coordinator.sources.status import (
    AFTER_A_REFUSAL,
    Auth,
    Axes,
    Link,
    added,
    after_error,
    connecting,
    disabled,
    enabled,
    online,
    public_status,
    with_credentials,
)
from msd.models import PublicStatus, ServerFacts, StatusReason

FACTS = ServerFacts(server_id="s", name="server")


def shown(axes: Axes, held: int = 0) -> tuple[PublicStatus, StatusReason]:
    return public_status(axes, held_deletes=held)[:2]


def test_a_source_starts_offline_before_any_socket_is_opened() -> None:
    """A source starts offline before any socket is opened (S1, O1)."""
    assert shown(Axes()) == (PublicStatus.OFFLINE, StatusReason.STARTING)


def test_a_connected_source_is_connected() -> None:
    """A connected source is connected."""
    assert shown(online(Axes(), FACTS)) == (PublicStatus.CONNECTED, StatusReason.OK)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (errors.UnreachableError("x"), "offline", "timeout"),
        (errors.UnreachableError("x", reason=StatusReason.DNS), "offline", "dns"),
        (
            errors.UnreachableError("x", reason=StatusReason.SERVER_STARTING),
            "offline",
            "server-starting",
        ),
        (errors.TlsError("x"), "error", "tls"),
        (errors.IdentityMismatchError("x"), "error", "identity-mismatch"),
        (errors.ForbiddenError("x"), "error", "forbidden"),
        (errors.BadResponseError("x"), "error", "protocol"),
        (errors.BackendError("x"), "error", "backend-bug"),
        (errors.NotSupportedError("x"), "error", "backend-bug"),
        (errors.AuthRequiredError("x"), "needs-auth", "token-refused"),
        (
            errors.AuthRequiredError("x", reason=StatusReason.USER_DISABLED),
            "needs-auth",
            "user-disabled",
        ),
        (errors.KeyringLockedError("x"), "needs-auth", "keyring-locked"),
        (errors.KeyringUnavailableError("x"), "needs-auth", "keyring-unavailable"),
    ],
)
def test_each_failure_has_its_status(error: errors.MsdError, status: str, reason: str) -> None:
    """Each failure has its status (S2, S3, S4)."""
    assert shown(after_error(online(Axes(), FACTS), error)) == (status, reason)


def test_an_outage_never_looks_like_a_bad_login_nor_hides_one() -> None:
    """An outage never looks like a bad login nor hides one (S2, S4)."""
    refused = after_error(Axes(), errors.AuthRequiredError("x"))

    assert shown(after_error(refused, errors.UnreachableError("y")))[0] is PublicStatus.NEEDS_AUTH
    assert after_error(online(Axes(), FACTS), errors.UnreachableError("y")).auth is Auth.OK


def test_credentials_forgive_what_the_keyring_lacked_but_not_a_refusal() -> None:
    """Credentials forgive what the keyring lacked but not a refusal (S4).

    A locked keyring heals by itself; a refused token does not.
    """
    locked = after_error(Axes(), errors.KeyringLockedError("x"))
    refused = after_error(Axes(), errors.AuthRequiredError("x"))

    assert with_credentials(locked).auth is Auth.UNKNOWN
    assert with_credentials(refused).auth is Auth.NEEDS_AUTH


def test_a_retry_keeps_showing_why_the_last_attempt_failed() -> None:
    """A retry keeps showing why the last attempt failed (S5).

    No flicker between a reason and `connecting`.
    """
    failed = after_error(Axes(), errors.UnreachableError("x"))

    assert connecting(failed, has_connected=True) == failed
    assert shown(connecting(Axes(), has_connected=False)) == (
        PublicStatus.OFFLINE,
        StatusReason.CONNECTING,
    )


def test_a_disabled_source_is_offline_and_says_so() -> None:
    """A disabled source is offline and says so."""
    refused = after_error(Axes(), errors.AuthRequiredError("x"))

    assert shown(disabled(refused)) == (PublicStatus.OFFLINE, StatusReason.DISABLED)


def test_held_deletes_show_on_a_connected_source_only() -> None:
    """Held deletes show on a connected source only (Y7)."""
    assert shown(online(Axes(), FACTS), held=3) == (
        PublicStatus.CONNECTED,
        StatusReason.DELETES_HELD,
    )
    assert shown(Axes(), held=3) == (PublicStatus.OFFLINE, StatusReason.STARTING)


def test_the_link_words_are_those_of_the_rules() -> None:
    """The link words are those of the rules."""
    assert set(Link) == {"unknown", "connecting", "online", "offline", "faulty", "disabled"}


def test_the_detail_of_a_healed_keyring_is_not_that_of_the_link() -> None:
    """The detail of a healed keyring is not that of the link (S5).

    Reason and detail belong together.
    """
    locked = after_error(
        connecting(Axes(), has_connected=True), errors.KeyringLockedError("the keyring is locked")
    )

    status, reason, detail = public_status(with_credentials(locked))

    assert (status, reason) == (PublicStatus.OFFLINE, StatusReason.CONNECTING)
    assert "keyring" not in detail


def test_the_detail_of_a_refusal_is_not_that_of_a_later_outage() -> None:
    """The detail of a refusal is not that of a later outage (S5).

    Reason and detail belong together.
    """
    refused = after_error(Axes(), errors.AuthRequiredError("the server refused the token"))

    after_outage = after_error(refused, errors.UnreachableError("no route to host"))

    assert public_status(after_outage) == (
        PublicStatus.NEEDS_AUTH,
        StatusReason.TOKEN_REFUSED,
        f"the server refused the token; {AFTER_A_REFUSAL}",
    )


def test_only_a_source_that_never_connected_connects_for_the_first_time() -> None:
    """A restart says "connecting", a new source "connecting for the first time" (S5)."""
    assert connecting(Axes(), has_connected=True).detail == "connecting"
    assert connecting(Axes(), has_connected=False).detail == "connecting for the first time"


def test_a_source_that_is_enabled_or_added_does_not_say_that_msd_has_started() -> None:
    """The sentence says what happened to this source (S5)."""
    switched_on = enabled(disabled(online(Axes(), FACTS)))

    assert public_status(switched_on)[2] == "the source has just been enabled"
    assert public_status(added())[2] == "the source has just been added"
    assert public_status(Axes())[2] == "msd has just started"
