"""A private authority or a pinned certificate belongs to one source (K3)."""

import pytest
import trustme

from msd import errors
from msd.models import CA_CERTIFICATE, FINGERPRINT, PublicStatus
from tests.support.fakes.fake_backend import KIND
from tests.support.fakes.fake_service import CLUB
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio

PIN = "ab" * 32
PEM = trustme.CA().cert_pem.bytes().decode()
ALICE = {"user": "alice", "password": "secret"}


async def added(run: Run, **trust: str) -> str:
    """Add a source that trusts something, and return its id when it is connected."""
    run.coordinator.start()
    (source_id,) = await run.coordinator.add_source(KIND, {**ALICE, **trust})
    await run.until_status(source_id, PublicStatus.CONNECTED)
    return source_id


@pytest.mark.parametrize(
    ("option", "given", "kept"),
    [
        (FINGERPRINT, ":".join(["AB"] * 32), PIN),
        (CA_CERTIFICATE, PEM, PEM),
    ],
)
async def test_a_source_is_added_with_what_it_trusts(
    rig: Rig, option: str, given: str, kept: str
) -> None:
    """The sign-in and every later connect trust it, also after a restart (K3)."""
    async with rig.running() as run:
        source_id = await added(run, **{option: given})

    rig.server.trusted.append({"restart": ""})
    async with rig.running() as run:
        run.coordinator.start()
        await run.until_status(source_id, PublicStatus.CONNECTED)

        assert {option: kept} == rig.server.trusted[0]
        assert {option: kept} == rig.server.trusted[-1]


async def test_what_is_trusted_can_be_changed_and_connects_again(rig: Rig) -> None:
    """A new pin takes the place of the old one; nothing means the system's authorities (K3)."""
    async with rig.running() as run:
        source_id = await added(run, **{FINGERPRINT: PIN})

        for options, kept in (
            ({"fingerprint": "cd" * 32}, {FINGERPRINT: "cd" * 32}),
            ({"ca_certificate": PEM}, {CA_CERTIFICATE: PEM}),
            ({}, {}),
        ):
            await run.coordinator.certificates.trust(source_id, options)
            await run.eventually(lambda kept=kept: rig.server.trusted[-1] == kept)
            assert kept == dict(run.coordinator.sources.get(source_id).source.config)


@pytest.mark.parametrize(
    "options",
    [
        {"fingerprint": "ab"},
        {"ca_certificate": "no certificate"},
        {"fingerprint": PIN, "ca_certificate": PEM},
        {"pin": PIN},
    ],
)
async def test_what_is_no_certificate_changes_nothing(rig: Rig, options: dict[str, str]) -> None:
    """A mistyped fingerprint must not cut a source off (K3)."""
    async with rig.running() as run:
        source_id = await added(run, **{FINGERPRINT: PIN})

        with pytest.raises(errors.InvalidArgumentError):
            await run.coordinator.certificates.trust(source_id, options)

        assert {FINGERPRINT: PIN} == dict(run.coordinator.sources.get(source_id).source.config)


@pytest.mark.parametrize("trust", [{FINGERPRINT: "ab"}, {CA_CERTIFICATE: "no certificate"}])
async def test_a_source_is_not_added_with_what_is_no_certificate(
    rig: Rig, trust: dict[str, str]
) -> None:
    """No request leaves before the options are understood (A1, K3)."""
    async with rig.running() as run:
        with pytest.raises(errors.InvalidArgumentError):
            await run.coordinator.add_source(KIND, {**ALICE, **trust})

        assert "add" not in rig.server.calls


async def test_a_source_without_certificates_says_so(rig: Rig) -> None:
    """A folder has none (K3)."""
    async with rig.running() as run:
        run.coordinator.start()
        source_id, *_ = await run.coordinator.add_source(CLUB, {"token": "mine"})

        with pytest.raises(errors.NotSupportedError):
            await run.coordinator.certificates.trust(source_id, {"fingerprint": PIN})


async def test_an_address_without_tls_has_no_certificate(rig: Rig) -> None:
    """Only https shows one (K3)."""
    async with rig.running() as run:
        with pytest.raises(errors.InvalidArgumentError):
            await run.coordinator.certificates.shown("http://127.0.0.1:8096")
