"""The interface XML is the contract: the code follows it, and each member is documented."""

import inspect
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from msd import errors
from msd.backends import jellyfin, local, plex
from msd.bus.account import AccountInterface
from msd.bus.backend import BACKEND_TYPES, OPTION_TYPES
from msd.bus.exports import msd_specs, xml_folder
from msd.bus.job import JobInterface, job_result
from msd.bus.login import LOGIN_TYPES, LoginInterface
from msd.bus.reads.library import LIBRARY_TYPES, LibraryInterface
from msd.bus.reads.query import QUERY_OPTIONS, SEARCH_OPTIONS
from msd.bus.source import CONNECTION_TYPES, SKIPPED_TYPES, SOURCE_TYPES, SourceInterface
from msd.bus.source_coordinator import SourceCoordinatorInterface
from msd.contract import INTERFACES, LOGIN, SOURCE
from msd.coordinator.syncs.sync_jobs import result_of
from msd.dbus.messages.unmarshal import MAX_LIST_LENGTH
from msd.dbus.serving.callers import MAX_CALLS, MAX_CALLS_OF_A_CALLER
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.spec import snake_case
from msd.errors import INTERNAL_CODE, MsdError
from msd.item_keys import (
    COMPACT_KEYS,
    DETAIL_KEYS,
    DETAIL_LISTS,
    HIT_KEYS,
    ITEM_KEYS,
    PLACING_KEYS,
    STREAM_KEYS,
)
from msd.models import (
    OMISSION_KINDS,
    ItemType,
    Job,
    JobId,
    JobKind,
    JobState,
    LibraryType,
    LoginState,
    LoginStep,
    PublicStatus,
    SortKey,
    SourceId,
    StatusReason,
    SyncMode,
    SyncPolicy,
    SyncReport,
)

ADAPTERS: tuple[type[Interface], ...] = (
    SourceCoordinatorInterface,
    LibraryInterface,
    SourceInterface,
    AccountInterface,
    JobInterface,
    LoginInterface,
)
MEMBERS = ("method", "signal", "property")
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def text_of(name: str) -> str:
    """Return the whole XML of an interface."""
    return (xml_folder() / f"{name}.xml").read_text()


def documented(name: str) -> Iterator[tuple[ET.Element, str]]:
    """Yield the interface and each member with the comment right before it."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    root = ET.fromstring(text_of(name), parser)
    for parent in root.iter():
        comment = ""
        for child in parent:
            if child.tag is ET.Comment:
                comment = child.text or ""
                continue
            if child.tag in ("interface", *MEMBERS):
                yield child, comment
            comment = ""


def key_types(text: str) -> dict[str, str]:
    """Return the keys that a text documents as `key` type."""
    return dict(re.findall(r"`([a-z_]+)`\s+\(?(aa?\{s[uv]\}|a[su]\b|[sbuxidot]\b)", text))


def section(name: str, member: str) -> str:
    """Return the comment of one member."""
    return next(comment for element, comment in documented(name) if element.get("name") == member)


def test_there_is_one_file_per_interface() -> None:
    """dbus/: the file is named after its interface."""
    assert {f"{name}.xml" for name in INTERFACES} == {p.name for p in xml_folder().glob("*.xml")}
    for name in INTERFACES:
        assert [name] == [
            element.get("name") for element, _ in documented(name) if element.tag == "interface"
        ]


@pytest.mark.parametrize("name", INTERFACES)
def test_every_member_and_argument_is_documented(name: str) -> None:
    """Meaning, arguments, possible errors."""
    for element, comment in documented(name):
        member = element.get("name") or ""
        assert re.search(rf"^\s*{re.escape(member)}:", comment), member
        assert len(comment.split()) > 3, member
        for argument in element.findall("arg"):
            assert f"@{argument.get('name')}:" in comment, (member, argument.get("name"))
        named = set(re.findall(r"^\s*@([a-z_]+):", comment, re.MULTILINE))
        assert {a.get("name") for a in element.findall("arg")} == named - {"short_description"}
        if element.tag == "method":
            assert "Errors:" in comment, member


@pytest.mark.parametrize("name", INTERFACES)
def test_every_property_says_what_its_change_sends(name: str) -> None:
    """EmitsChangedSignal annotations."""
    for element, _ in documented(name):
        if element.tag == "property":
            annotations = {a.get("name"): a.get("value") for a in element.findall("annotation")}
            assert annotations.get(EMITS) in ("true", "const", "false", "invalidates"), element.get(
                "name"
            )


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
def test_the_adapter_has_the_members_of_the_xml_and_no_others(adapter: type[Interface]) -> None:
    """The code follows the contract."""
    spec = msd_specs()[adapter.name]
    public = {
        name
        for name, member in inspect.getmembers(adapter, inspect.iscoroutinefunction)
        if not name.startswith("_") and not hasattr(Interface, name)
    }

    adapter.check(spec)
    assert {method.attribute for method in spec.methods.values()} == public
    assert set(spec.properties) == set(adapter.properties)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
def test_a_method_takes_the_arguments_of_the_xml_in_order(adapter: type[Interface]) -> None:
    """Names of arguments are the same in Python and in the XML."""
    for element, _ in documented(adapter.name):
        if element.tag == "method":
            method = getattr(adapter, snake_case(element.get("name") or ""))
            wanted = [a.get("name") for a in element.findall("arg") if a.get("direction") == "in"]
            assert wanted == list(inspect.signature(method).parameters)[1:]


def test_every_key_of_a_sync_report_is_documented_with_its_type() -> None:
    """Job.Result, which SyncFinished carries too; a discovery has keys of its own."""
    of_sync, _, _ = section("org.msd.Msd1.Job", "Result").partition("Keys of a discovery")
    job = Job(
        id=JobId(1),
        kind=JobKind.SYNC,
        source_id=SourceId("s1"),
        state=JobState.DONE,
        result=result_of(SyncReport()),
    )

    assert {key: value.signature for key, value in job_result(job).items()} == key_types(of_sync)


@pytest.mark.parametrize("phase", ["libraries", "changes", "members", "deletions"])
def test_every_phase_of_a_sync_is_documented(phase: str) -> None:
    """Job.Phase."""
    assert f'"{phase}"' in section("org.msd.Msd1.Job", "Phase")


def test_a_missing_member_is_noticed() -> None:
    """`check` is the guard at start-up."""

    class Incomplete(Interface):
        name = SOURCE

    with pytest.raises(TypeError, match="lacks sync, reconnect"):
        Incomplete.check(msd_specs()[SOURCE])


def test_every_error_code_is_documented() -> None:
    """Every error code is documented.

    Every code of the tree, and no others.
    """
    text = section("org.msd.Msd1.SourceCoordinator", "org.msd.Msd1.SourceCoordinator")
    classes = [
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, MsdError)
    ]
    codes = {member.code for member in classes} | {INTERNAL_CODE}

    assert len(classes) == len({member.code for member in classes})
    assert not [code for code in codes if not re.search(rf"\b{code}\b", text)]


@pytest.mark.parametrize("name", INTERFACES)
def test_errors_that_members_name_exist(name: str) -> None:
    """A typo in `Errors:` would promise a code that never comes."""
    codes = {
        member.code
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, MsdError)
    }
    for element, comment in documented(name):
        if element.tag == "method":
            named = comment.partition("Errors:")[2]
            words = set(re.findall(r"\b[A-Z][a-z]+[A-Z][A-Za-z]+\b", named))
            assert words - set(msd_specs()[name].methods) <= codes


def test_every_key_of_an_item_is_documented_with_its_type() -> None:
    """Library: item keys."""
    text = section("org.msd.Msd1.Library", "org.msd.Msd1.Library")
    keys, _, rest = text.partition("With the option `details`")
    details, _, compact = rest.partition("Without `fields`")
    of_lists = {key: kind for types in DETAIL_LISTS.values() for key, kind in types.items()}

    assert dict(ITEM_KEYS) == key_types(keys)
    assert {**STREAM_KEYS, **of_lists, **DETAIL_KEYS} == key_types(details)
    named = set(re.findall(r"`([a-z_]+)`", compact))
    assert named == COMPACT_KEYS.union(*PLACING_KEYS.values())


def test_every_key_of_a_query_is_documented() -> None:
    """Library.QueryItems."""
    named = set(re.findall(r"`([a-z_]+)`", section("org.msd.Msd1.Library", "QueryItems")))

    assert set(QUERY_OPTIONS) == named


def test_every_option_of_a_search_is_documented() -> None:
    """Library.Search; a hit has one key more than an item."""
    named = set(re.findall(r"`([a-z_]+)`", section("org.msd.Msd1.Library", "Search")))

    assert {*SEARCH_OPTIONS, *HIT_KEYS} == named


def test_every_key_of_a_library_is_documented_with_its_type() -> None:
    """Library.ListLibraries."""
    assert dict(LIBRARY_TYPES) == key_types(section("org.msd.Msd1.Library", "ListLibraries"))


def test_every_key_of_a_source_is_documented_with_its_type() -> None:
    """SourceCoordinator.ListSources; the types are those of the properties."""
    properties = msd_specs()[SOURCE].properties
    keys = {snake_case(name): signature for name, signature in SOURCE_TYPES.items()}

    assert {name: p.signature for name, p in properties.items()} == dict(SOURCE_TYPES)
    assert keys == key_types(section("org.msd.Msd1.SourceCoordinator", "ListSources"))


def test_the_values_of_a_login_have_the_types_of_its_properties() -> None:
    """Login.Read."""
    properties = msd_specs()[LOGIN].properties

    assert {name: p.signature for name, p in properties.items()} == dict(LOGIN_TYPES)


def test_every_key_of_a_backend_and_of_its_options_is_documented_with_its_type() -> None:
    """SourceCoordinator.ListBackends."""
    documented_keys = key_types(section("org.msd.Msd1.SourceCoordinator", "ListBackends"))

    assert documented_keys == BACKEND_TYPES | OPTION_TYPES


@pytest.mark.parametrize("member", ["AddSource", "BeginLogin"])
def test_the_options_of_each_kind_are_those_of_its_backend(member: str) -> None:
    """SourceCoordinator: what is written by hand, against what ListBackends answers."""
    text = section("org.msd.Msd1.SourceCoordinator", member)
    documented_options = dict(
        re.findall(r"<member>(jellyfin|local|plex): ([a-z_, ]+)</member>", text)
    )
    offered = {
        spec.kind: spec.options if member == "AddSource" else spec.login_options
        for spec in (jellyfin.SPEC, local.SPEC, plex.SPEC)
    }

    assert documented_options == {
        kind: ", ".join(option.name for option in options)
        for kind, options in offered.items()
        if options
    }


def test_every_key_of_a_connection_is_documented_with_its_type() -> None:
    """Source.ListConnections."""
    assert dict(CONNECTION_TYPES) == key_types(section(SOURCE, "ListConnections"))


def test_every_key_of_a_skipped_row_is_documented_with_its_type() -> None:
    """Source.ListSkipped."""
    documented_keys = key_types(section(SOURCE, "ListSkipped"))

    assert dict(SKIPPED_TYPES) == {
        key: signature
        for key, signature in documented_keys.items()
        if key not in ("limit", "cursor")
    }
    assert not [kind for kind in OMISSION_KINDS if kind not in section(SOURCE, "ListSkipped")]


@pytest.mark.parametrize(
    ("words", "interface", "member"),
    [
        (PublicStatus, "Source", "Status"),
        (StatusReason, "Source", "StatusReason"),
        (PublicStatus, "SourceCoordinator", "GetSourceStatus"),
        (SyncMode, "Source", "Sync"),
        (SyncPolicy, "SourceCoordinator", "SetLibraryPolicy"),
        (JobState, "Job", "State"),
        (JobKind, "Job", "Kind"),
        (LoginState, "Login", "State"),
        (LoginStep, "Login", "Step"),
        (SortKey, "Library", "QueryItems"),
        (LibraryType, "Library", "ListLibraries"),
        (ItemType, "Library", "org.msd.Msd1.Library"),
    ],
)
def test_every_word_of_an_enumeration_is_documented(
    words: type[PublicStatus], interface: str, member: str
) -> None:
    """dbus-api: lower-kebab words."""
    text = section(f"org.msd.Msd1.{interface}", member)

    assert not [word for word in words if not re.search(rf"(?<![\w-]){word}(?![\w-])", text)]


def test_the_limits_of_the_code_are_those_of_the_xml() -> None:
    """dbus-api: limits are documented."""
    text = section("org.msd.Msd1.SourceCoordinator", "org.msd.Msd1.SourceCoordinator")

    assert f"a list: {MAX_LIST_LENGTH} elements" in text
    assert "a string: 64 KiB" in text
    assert "a reply: 32 MiB" in text
    assert f"progress: {MAX_CALLS_OF_A_CALLER} of one caller and {MAX_CALLS} of all" in text


def test_the_installed_xml_is_preferred_to_the_checkout() -> None:
    """The wheel carries dbus/ as msd/_data/dbus."""
    assert Path(__file__).parents[2] / "dbus" == xml_folder() or "_data" in xml_folder().parts
