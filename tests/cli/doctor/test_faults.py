"""Each fault that the doctor knows, seeded for real: the right sentence and what mends it."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from msd import __version__
from msd.cli.daemon.client import Client
from msd.cli.daemon.connection import Connection
from msd.cli.doctor.bus import Bus, bus_findings
from msd.cli.doctor.finding import Machine, Severity
from msd.cli.doctor.secrets import secret_findings
from msd.cli.doctor.sources import source_findings
from msd.cli.doctor.storage import storage_findings
from msd.cli.doctor.system import system_findings
from msd.cli.doctor.unit import unit_findings
from msd.cli.setup.places import Folders
from msd.contract import BUS_NAME
from msd.models import AccountId, PublicStatus, SourceStatus, StatusReason, UnixSeconds
from tests.cli.stage import MSDCTL, ROOT, Stage, environment
from tests.support.fakes.fake_coordinator import source_view
from tests.support.session.bus import PrivateBus, bus  # noqa: F401 - a fixture
from tests.support.session.keyring import Keyring, keyring  # noqa: F401 - a fixture

NAS = "jellyfin_3f2a9c41d07e"
OWNER = f"""
import sys, time
from msd.cli.daemon.connection import Call, Connection
bus = "org.freedesktop.DBus"
connection = Connection(sys.argv[1])
call = Call(bus, "/org/freedesktop/DBus", bus, "RequestName", "su", ("{BUS_NAME}", 0))
connection.call(call, timeout_s=5)
print("owned", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine whose folders are empty and whose programs are real."""
    folders = Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache")
    (folders.data / "msd").mkdir(parents=True)
    return Machine(folders=folders, environment={"HOME": str(tmp_path)})


@pytest.fixture
def client(bus: PrivateBus):  # noqa: F811
    """A connection to a bus without msd."""
    opened = Client(Connection(bus.address))
    yield opened
    opened.close()


def only(findings, code):
    """Return the finding of a code; it must be there once, with a sentence and a remedy."""
    (finding,) = [finding for finding in findings if finding.code == code]
    assert finding.sentence
    assert finding.remedy or finding.severity is not Severity.ERROR
    return finding


def doctor(**variables):
    """Run `msdctl --json doctor` and return its findings by code."""
    env = {name: os.environ[name] for name in ("PATH",)} | {"PYTHONPATH": str(ROOT)} | variables
    done = subprocess.run(
        [*MSDCTL, "--json", "doctor"], capture_output=True, env=env, text=True, check=False
    )
    assert done.stderr == ""
    return {row["code"]: row for row in json.loads(done.stdout)}


# --- the bus -----------------------------------------------------------------------------------


def test_no_session_bus(tmp_path):
    """Under cron, su or sudo there is none."""
    found = doctor(HOME=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path))

    assert "no session bus" in found["no-bus"]["sentence"]
    assert "log in" in found["no-bus"]["remedy"]


def test_a_session_bus_that_is_gone(tmp_path):
    """The variable names a socket that nobody listens at."""
    found = doctor(HOME=str(tmp_path), DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere/bus")

    assert "/nowhere/bus: No such file" in found["bus-dead"]["sentence"]


def test_a_bus_that_does_not_know_msd(bus: PrivateBus, tmp_path):  # noqa: F811
    """Nothing is installed."""
    found = doctor(**{**environment(bus, "dbus_next"), "HOME": str(tmp_path)})

    assert found["not-installed"]["remedy"] == "msdctl setup"


def test_msd_is_installed_and_does_not_run(client):
    """That is no error: the first call starts it."""
    findings = list(bus_findings(Bus(client=client, is_activatable=True)))

    assert only(findings, "not-running").remedy == "msdctl start"


def test_another_program_has_the_name(bus: PrivateBus, tmp_path):  # noqa: F811
    """The sentence names the process; the remedy ends it."""
    command = [sys.executable, "-c", OWNER, bus.address]
    with subprocess.Popen(command, stdin=-1, stdout=-1, env={"PYTHONPATH": str(ROOT)}) as owner:
        assert owner.stdout.readline() == b"owned\n"
        found = doctor(**{**environment(bus, "dbus_next"), "HOME": str(tmp_path)})
        owner.stdin.close()

    assert f"process {owner.pid}" in found["name-taken"]["sentence"]
    assert found["name-taken"]["remedy"] == f"kill {owner.pid}"


@pytest.mark.parametrize(
    ("daemon", "code", "remedy"),
    [
        ({"Version": "0.0.1"}, "two-versions", "msdctl restart"),
        ({"Version": __version__, "State": "degraded"}, "degraded", "msdctl logs"),
        ({"Version": __version__, "Online": "no"}, "offline", ""),
    ],
)
def test_a_daemon_that_is_old_degraded_or_offline(client, daemon, code, remedy):
    """What the daemon says of itself."""
    found = only(list(bus_findings(Bus(client=client, pid=7, daemon=daemon))), code)

    assert remedy in found.remedy


# --- programs ----------------------------------------------------------------------------------


def activation(machine: Machine, program: Path, text: str | None) -> None:
    """Install an activation file, and the program that it names."""
    path = machine.folders.activation
    path.parent.mkdir(parents=True)
    path.write_text(f'[D-BUS Service]\nName={BUS_NAME}\nExec="{program}"\n')
    if text is not None:
        program.write_text(text)
        program.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "code", "remedy"),
    [
        (None, "activation-program-missing", "msdctl setup"),
        ("#!/nowhere/python\n", "program-broken", "reinstall"),
        ("#!/bin/sh\necho msd 0.0.1\n", "two-installations", "remove one"),
    ],
)
def test_the_installed_program_is_gone_broken_or_another(machine, tmp_path, text, code, remedy):
    """An upgrade of Python breaks environments; a second installation hides the first."""
    activation(machine, tmp_path / "my msd", text)

    assert remedy in only(list(unit_findings(machine)), code).remedy


# --- secrets -----------------------------------------------------------------------------------


def test_no_keyring_answers(machine, client):
    """The remedy names what works on a machine without a desktop."""
    found = secret_findings(machine, Bus(client=client), "secret-service")

    assert 'store = "file"' in only(list(found), "keyring-absent").remedy


@pytest.mark.keyring
def test_the_keyring_is_locked(machine, client, keyring: Keyring):  # noqa: F811
    """The doctor asks without raising the keyring's prompt."""
    keyring.lock()

    found = only(
        list(secret_findings(machine, Bus(client=client), "secret-service")), "keyring-locked"
    )

    assert found.remedy == "msdctl unlock"


def test_others_can_read_the_file_of_secrets(machine):
    """The daemon refuses such a file."""
    path = machine.folders.data / "msd/secrets.json"
    path.write_text("{}")
    path.chmod(0o644)

    found = only(list(secret_findings(machine, Bus(), "file")), "secrets-exposed")

    assert "chmod 600" in found.remedy


def test_pass_is_chosen_and_not_set_up(machine):
    """Nobody ran `pass init`."""
    home = machine.environment["HOME"]
    env = {"PATH": os.environ["PATH"], "HOME": home, "PASSWORD_STORE_DIR": f"{home}/none"}
    unusable = machine._replace(
        run=lambda *command: subprocess.run(
            command, capture_output=True, text=True, check=False, env=env
        )
    )

    assert only(list(secret_findings(unusable, Bus(), "pass")), "pass-unusable")


# --- disks and databases -----------------------------------------------------------------------


def test_the_disk_is_full(machine):
    """More room is asked for than any disk has."""
    found = storage_findings(machine, [], least_free_bytes=2**62)

    assert "MB are free" in only(list(found), "disk-full").sentence


def test_the_home_is_on_a_network_file_system(machine, tmp_path):
    """SQLite and NFS do not go together."""
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"23 22 0:40 / {tmp_path} rw,relatime shared:2 - nfs4 server:/home rw\n"
    )

    found = only(list(storage_findings(machine._replace(mounts=table), [])), "network-home")

    assert "nfs4" in found.sentence


def broken(machine: Machine, name: str, content: bytes) -> None:
    (machine.folders.data / "msd" / name).write_bytes(content)


def newer(machine: Machine, name: str) -> None:
    with closing(sqlite3.connect(machine.folders.data / "msd" / name)) as connection:
        connection.execute("CREATE TABLE schema_ledger (version INTEGER, name, applied_at)")
        connection.execute("INSERT INTO schema_ledger VALUES (999, 'x', 0)")
        connection.commit()


def of_databases(machine: Machine):
    """Return what the doctor says of the databases, through the real self-check."""
    env = {**os.environ, "XDG_DATA_HOME": str(machine.folders.data), "PYTHONPATH": str(ROOT)}
    checked = machine._replace(
        run=lambda *command: subprocess.run(
            command, capture_output=True, text=True, check=True, env=env
        )
    ).selfcheck()
    return list(storage_findings(machine, checked["databases"]))


def test_the_cache_is_damaged(machine):
    """It can be made again, so the remedy deletes it."""
    broken(machine, "cache.db", b"SQLite format 3\0" + os.urandom(8192))

    assert "rm '" in only(of_databases(machine), "cache-damaged").remedy


def test_the_state_is_damaged(machine):
    """It can't be made again, so the remedy is a backup."""
    broken(machine, "state.db", b"not a database at all" * 400)

    assert "backup" in only(of_databases(machine), "state-damaged").remedy


def test_a_newer_msd_wrote_the_state(machine):
    """A downgrade is told both versions."""
    newer(machine, "state.db")

    assert "999" in only(of_databases(machine), "schema-newer").sentence


def test_a_file_of_another_program_is_in_the_place_of_a_database(machine):
    """Nothing of it is deleted."""
    with closing(sqlite3.connect(machine.folders.data / "msd/state.db")) as connection:
        connection.execute("CREATE TABLE somebody (id)")

    assert "mv" in only(of_databases(machine), "not-a-database").remedy


def test_sound_databases_are_not_complained_about(machine):
    """No false alarm on a new machine."""
    assert [one for one in of_databases(machine) if one.severity is Severity.ERROR] == []


# --- the machine -------------------------------------------------------------------------------


def test_few_folders_can_be_watched(machine, tmp_path):
    """The remedy raises the limit for good."""
    limit = tmp_path / "max_user_watches"
    limit.write_text("8192\n")

    found = only(list(system_findings(machine._replace(watch_limit=limit), {})), "few-watches")

    assert "8192" in found.sentence
    assert "sysctl" in found.remedy


@pytest.mark.parametrize("now", [86_400.0, 1_762_000_000.0])
def test_the_clock_is_wrong(machine, now):
    """Before the release of this msd, or before its own files were written."""
    (machine.folders.data / "msd/state.db").touch()
    os.utime(machine.folders.data / "msd/state.db", (1_800_000_000, 1_800_000_000))

    found = only(list(system_findings(machine._replace(now=lambda: now), {})), "clock-wrong")

    assert "timedatectl" in found.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sync]\nparallel = 3\n\nintervall_s = 60\n", "line 4: unknown key sync.intervall_s"),
        ("[sync]\ninterval_s = 5\n", "line 2: sync.interval_s is 5"),
        ("\n[snyc]\n", "line 2: unknown table [snyc]"),
        ("[sync\n", "line 1"),
    ],
)
def test_the_settings_are_wrong(bus: PrivateBus, tmp_path, text, words):  # noqa: F811
    """The sentence names file and line."""
    config = tmp_path / ".config/msd/msd.toml"
    config.parent.mkdir(parents=True)
    config.write_text(text)

    found = doctor(DBUS_SESSION_BUS_ADDRESS=bus.address, HOME=str(tmp_path))["config-wrong"]

    assert words in found["sentence"]
    assert str(config) in found["remedy"]


# --- sources -----------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_folders_need_no_keyring(stage: Stage):
    """Beside `scripts/run` there is none; it is a fault only where somebody signs in."""
    stage.coordinator.put_source("local_aaaaaaaaaaaa")
    folders = {row["code"]: row for row in (await stage.run("--json", "doctor")).document}
    nas = source_view(NAS).source
    stage.coordinator.put_source(NAS, source=replace(nas, account_id=AccountId("jellyfin_1")))
    server = {row["code"]: row for row in (await stage.run("--json", "doctor")).document}

    assert folders["keyring-absent"]["severity"] == "warning"
    assert server["keyring-absent"]["severity"] == "error"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (PublicStatus.ERROR, StatusReason.TLS, "msdctl trust"),
        (PublicStatus.OFFLINE, StatusReason.DNS, "DNS filter"),
        (PublicStatus.OFFLINE, StatusReason.FOLDER_MISSING, "mount"),
        (PublicStatus.OFFLINE, StatusReason.FOLDER_EMPTY_MOUNT, "mount"),
        (PublicStatus.OFFLINE, StatusReason.REFUSED, "start the server"),
        (PublicStatus.ERROR, StatusReason.IDENTITY_MISMATCH, "another server"),
        (PublicStatus.NEEDS_AUTH, StatusReason.TOKEN_REFUSED, "msdctl reauth"),
        (PublicStatus.CONNECTED, StatusReason.DELETES_HELD, "confirm-deletes"),
    ],
)
async def test_a_source_is_in_trouble(stage: Stage, status, reason, words):
    """The sentence is the daemon's own, under the source's name; the remedy fits the reason."""
    stage.coordinator.put_source(NAS)
    stage.coordinator.put_status(
        NAS, SourceStatus(status=status, reason=reason, detail="so it is", since=UnixSeconds(5))
    )

    rows = {row["code"]: row for row in (await stage.run("--json", "doctor")).document}

    found = rows[f"source-{reason.value}"]
    assert found["sentence"] == f"Folder {NAS}: so it is"
    assert words in found["remedy"]
    assert (found["severity"] == "warning") == (status is PublicStatus.CONNECTED)


def test_sources_are_not_asked_of_a_daemon_that_does_not_answer(client):
    """The doctor ends with a sentence and not with a traceback."""
    (found,) = source_findings(client)

    assert found.code == "no-answer"
