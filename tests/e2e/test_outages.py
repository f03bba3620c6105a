"""Outages of a real server through the whole of msd: one signal each, and healed by themselves."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.jellyfin import JellyfinSimulator, Phase, faults, make_world
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import ROOT, CallError, Daemon
from tests.support.session.keyring import Keyring
from tests.support.session.monitor import Monitor, monitored

SOURCE = "org.msd.Msd1.Source"
READY_WITHIN_S = 10


@pytest.fixture
def daemon(bus: PrivateBus, keyring: Keyring, tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(bus, tmp_path / "home")
    daemon.start()
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.kill()


@pytest.fixture
def sim() -> Iterator[JellyfinSimulator]:
    with JellyfinSimulator(make_world(60, seed=3), version="12") as simulator:
        yield simulator


def statuses(monitor: Monitor) -> list[tuple[str, str]]:
    """Return status and reason of each SourceStatusChanged."""
    return [(change[1], change[2]) for change in monitor.signals("SourceStatusChanged")]


def live_source(daemon: Daemon, sim: JellyfinSimulator) -> str:
    """Add the server, and return the source when it pushes its changes."""
    source_id = daemon.add_jellyfin(sim.url)
    path = f"{ROOT}/source/{source_id}"
    daemon.until(lambda: daemon.get(path, SOURCE, "LiveUpdates") == "ok", "live", timeout_s=30)
    daemon.until_synced(source_id)
    return source_id


def reconnect(daemon: Daemon, path: str) -> None:
    """Ask for an attempt now."""
    daemon.call_object(path, SOURCE, "Reconnect")


def attempts(daemon: Daemon, source_id: str) -> int:
    """Return how many attempts to connect failed in a row."""
    return int(daemon.get(f"{ROOT}/source/{source_id}", SOURCE, "Attempts"))


def test_an_announced_restart_is_one_outage_over_every_stage(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """One signal when it goes, one when it is back, within seconds of being ready (S11)."""
    source_id = live_source(daemon, sim)

    with monitored(daemon.environment) as monitor:
        sim.push("ServerRestarting")
        for phase in (Phase.REFUSED, Phase.SETUP, Phase.REFUSED, Phase.LOADING):
            sim.set_phase(phase)
            daemon.until_status(source_id, "offline", "server-starting")
            two_more = attempts(daemon, source_id) + 2
            daemon.until(
                lambda least=two_more: attempts(daemon, source_id) >= least,
                "asked twice",
                timeout_s=15,
            )
        sim.set_phase(Phase.READY)
        ready_at = time.monotonic()
        daemon.until_status(source_id, "connected", "ok")
        took_s = time.monotonic() - ready_at

    assert statuses(monitor) == [("offline", "server-starting"), ("connected", "ok")]
    assert took_s < READY_WITHIN_S


def test_a_server_that_vanishes_is_one_signal(daemon: Daemon, sim: JellyfinSimulator) -> None:
    """The lost push connection and the refused one are the same fact (S5)."""
    source_id = live_source(daemon, sim)

    with monitored(daemon.environment) as monitor:
        sim.set_phase(Phase.REFUSED)
        daemon.until_status(source_id, "offline", "refused")

    assert statuses(monitor) == [("offline", "refused")]


def test_a_gateway_is_offline_and_heals_when_it_lets_through(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """A 401 that is not in the server's own form is no refused sign-in (S4)."""
    source_id = live_source(daemon, sim)
    sim.faults.add("^(?!/System/Info/Public).*", faults.gateway_401())
    sim.set_phase(Phase.REFUSED)
    sim.set_phase(Phase.READY)

    daemon.until_status(source_id, "offline", "not-a-media-server")
    sim.faults.clear()

    daemon.until_status(source_id, "connected", "ok")


def test_a_refused_sign_in_heals_by_a_reconnect(daemon: Daemon, sim: JellyfinSimulator) -> None:
    """A user who is enabled again needs no new sign-in; NextRetry says when msd asks (S4)."""
    source_id = live_source(daemon, sim)
    path = f"{ROOT}/source/{source_id}"
    sim.faults.add("^(?!/System/Info/Public).*", faults.refused_token())
    reconnect(daemon, path)
    daemon.until_status(source_id, "needs-auth", "token-refused")

    assert 1500 < daemon.get(path, SOURCE, "NextRetry") - time.time() <= 1800
    assert "tries the old sign-in again" in daemon.get(path, SOURCE, "StatusDetail")
    sim.faults.clear()
    reconnect(daemon, path)
    daemon.until_status(source_id, "connected", "ok")


def test_a_stop_publishes_nothing_about_sources(daemon: Daemon, sim: JellyfinSimulator) -> None:
    """Closing msd's own connections is no outage of a server (S10)."""
    live_source(daemon, sim)

    with monitored(daemon.environment) as monitor:
        code, _ = daemon.stop()

    assert code == 0
    assert statuses(monitor) == []


def test_a_source_that_is_removed_and_added_at_once_is_live_again(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """Nothing of the removed source delays the new one (A6)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.call("RemoveSource", "s", source_id)

    assert live_source(daemon, sim) == source_id


def test_a_server_with_a_certificate_of_its_own_is_added_and_pinned(daemon: Daemon) -> None:
    """A person compares the fingerprint, then this one certificate is accepted (K3)."""
    with JellyfinSimulator(make_world(60, seed=3), version="12", tls=True) as sim:
        sign_in = ("url", "s", sim.url, "username", "s", "alice", "password", "s", "secret")
        with pytest.raises(CallError, match="trust the certificate"):
            daemon.call("AddSource", "sa{sv}", "jellyfin", "3", *sign_in)
        shown = daemon.call("GetCertificate", "s", sim.url)
        pin = ("certificate_fingerprint", "s", shown["fingerprint"])
        (source_id,) = daemon.call("AddSource", "sa{sv}", "jellyfin", "4", *sign_in, *pin)
        path = f"{ROOT}/source/{source_id}"
        daemon.until_status(source_id, "connected", "ok")
        daemon.until_synced(source_id)
        assert daemon.get(path, SOURCE, "CertificateFingerprint") == shown["fingerprint"]

        wrong = ("1", "fingerprint", "s", "ab" * 32)
        daemon.call_object(path, SOURCE, "TrustCertificate", "a{sv}", *wrong)
        daemon.until_status(source_id, "error", "tls")

        authority = ("1", "ca_certificate", "s", Path(sim.ca_file).read_text())
        daemon.call_object(path, SOURCE, "TrustCertificate", "a{sv}", *authority)
        daemon.until_status(source_id, "connected", "ok")
        assert daemon.get(path, SOURCE, "PrivateAuthority") is True
        assert daemon.sync(source_id)["state"] == "done"
