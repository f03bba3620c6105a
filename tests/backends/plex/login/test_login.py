"""Signing in to an account: whose it is, who of its Home uses it, which servers it reaches."""

from __future__ import annotations

import traceback

import anyio
import pytest
from msgspec.structs import replace

from msd.backend_api import AccountContext, Credentials, UserChoice
from msd.backends.plex import SPEC
from msd.backends.plex.login.home import home_users, switch
from msd.backends.plex.login.login import login as login_at_leisure
from msd.errors import (
    AuthRefusedError,
    BadResponseError,
    InvalidArgumentError,
    MsdError,
    UnreachableError,
)
from msd.models import CA_CERTIFICATE, Account, AccountId, StatusReason
from tests.backend_api.http.raw_server import json_reply, reply
from tests.backends.plex.pms import DEVICE, SERVER_ID, TOKEN
from tests.backends.plex.tv_server import (
    ACCOUNT_TOKEN,
    ADD_CONTEXT,
    MEMBER_TOKEN,
    PIN_NEEDED,
    REFUSED,
    Person,
    client,
    member,
    plex_tv,
    resource,
    user,
)

pytestmark = pytest.mark.anyio

SWITCH = "POST /api/v2/home/users/u8/switch"
HOME = {
    "GET_user": json_reply(user(home=True)),
    "GET_home_users": json_reply(
        {"users": [member(7, "Alice", protected=True), member(8, "Kid", protected=True)]}
    ),
    "POST_home_users_u8_switch": lambda seen: (
        json_reply({"authToken": MEMBER_TOKEN}, 201)
        if seen.query.get("pin") == "1234"
        else PIN_NEEDED
    ),
}
BROKEN = reply(502, b"<html></html>", "text/html")


def account_of(user_id: str = "7") -> Account:
    return Account(
        id=AccountId("plex_account"),
        kind=SPEC.kind,
        display_name="Alice",
        remote_user_id=user_id,
        device_id=DEVICE,
    )


def account_context(token: str = ACCOUNT_TOKEN) -> AccountContext:
    return AccountContext(
        account=account_of(),
        credentials=Credentials(user_id="7", token=token),
        client_name="msd",
        client_version="0.1.0",
        device_name="desk",
    )


async def add(token: str = ACCOUNT_TOKEN):
    return await SPEC.add({"token": token}, ADD_CONTEXT)


async def login(person: Person, *, again: Account | None = None, **options):
    context = replace(ADD_CONTEXT, account=again)
    return await login_at_leisure(options, context, person, pauses_s=(0.01,))


# --- by a token ---------------------------------------------------------------------------------


async def test_a_token_brings_its_account_and_every_server(monkeypatch):
    """Issue: AddPlexAccount; A2: owned and shared, each with a token of its own."""
    both = [
        resource(),
        resource("b" * 40, name="Friend's", owned=False, accessToken="shared-token-1234567"),
    ]
    async with plex_tv(monkeypatch, GET_resources=json_reply(both)) as tv:
        new = await add()

    assert ("7", "Alice") == (new.account.remote_user_id, new.account.display_name)
    assert [(SERVER_ID, "Den", True), ("b" * 40, "Friend's", False)] == [
        (source.server_id, source.name, source.owned) for source in new.sources
    ]
    credentials = new.account.credentials
    assert ACCOUNT_TOKEN == credentials.token
    assert TOKEN == credentials.for_server(SERVER_ID).token
    assert "shared-token-1234567" == credentials.for_server("b" * 40).token
    [asked] = tv.asked("GET /api/v2/resources")
    assert {"includeHttps": "1", "includeRelay": "1", "includeIPv6": "1"} == asked.query
    assert {DEVICE} == {seen.headers["x-plex-client-identifier"] for seen in tv.server.seen}
    assert new.undo is None  # the token was made elsewhere


async def test_what_the_user_trusts_is_kept_with_every_source(monkeypatch):
    """A private authority or a pin belongs to the sources that were added with it (K3)."""
    context = replace(ADD_CONTEXT, trust={CA_CERTIFICATE: "PEM"})
    async with plex_tv(monkeypatch):
        new = await SPEC.add({"token": ACCOUNT_TOKEN}, context)

    assert new.sources
    assert {"PEM"} == {source.config[CA_CERTIFICATE] for source in new.sources}
    assert all(len(source.config) > 1 for source in new.sources)


@pytest.mark.parametrize("given", ["", "two words", "x\r\ny", "ü" * 20, "x" * 5000])
async def test_what_can_be_no_token_is_not_sent(monkeypatch, given):
    """What can be no token is not sent (K5).

    It would stand in a header.
    """
    async with plex_tv(monkeypatch) as tv:
        with pytest.raises(InvalidArgumentError):
            await add(given)

    assert [] == tv.server.seen


async def test_a_token_that_plex_tv_does_not_know_is_refused(monkeypatch):
    """A token that plex.tv does not know is refused (A1).

    While adding, a refusal is the caller's.
    """
    async with plex_tv(monkeypatch, GET_user=REFUSED):
        with pytest.raises(AuthRefusedError) as caught:
            await add()

    assert ACCOUNT_TOKEN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("listed", [[], [resource(provides="client,player")]])
async def test_an_account_without_servers_is_told_so(monkeypatch, listed):
    """Brief: a clear typed error at add."""
    async with plex_tv(monkeypatch, GET_resources=json_reply(listed)):
        with pytest.raises(UnreachableError, match="Alice reaches no server") as caught:
            await add()

    assert caught.value.reason is StatusReason.ACCOUNT_GONE


async def test_a_user_without_an_id_is_an_error(monkeypatch):
    """A user without an id is an error (I1).

    The source ids come of it.
    """
    async with plex_tv(monkeypatch, GET_user=json_reply({"username": "alice"})):
        with pytest.raises(BadResponseError):
            await add()


async def test_numbers_as_text_and_hostile_names_are_understood(monkeypatch):
    """Numbers as text and hostile names are understood.

    Types drift.
    """
    said = user("7", friendlyName="Al\u202eice\n" + "x" * 500)
    async with plex_tv(monkeypatch, GET_user=json_reply(said)):
        new = await add()

    assert "7" == new.account.remote_user_id
    assert new.account.display_name.isprintable()
    assert len(new.account.display_name) <= 200


# --- by a PIN -----------------------------------------------------------------------------------


async def test_an_approved_pin_is_kept_before_anything_else(monkeypatch):
    """An approved pin is kept before anything else (A1).

    It has replaced the old token already.
    """
    person = Person()
    async with plex_tv(monkeypatch) as tv:
        new = await login(person)

    assert ["code", "keep"] == person.order
    assert ACCOUNT_TOKEN == person.kept[0].credentials.token
    assert ACCOUNT_TOKEN == new.account.credentials.token
    assert TOKEN == new.account.credentials.for_server(SERVER_ID).token
    asked = [f"{seen.method} {seen.path}" for seen in tv.server.seen]
    assert "GET /api/v2/home/users" not in asked
    assert asked.index("GET /api/v2/user") < asked.index("GET /api/v2/resources")


async def test_a_new_token_is_not_lost_to_an_outage(monkeypatch):
    """A new token is not lost to an outage (A1).

    It can't be had a second time.
    """
    person = Person()
    flaky = [reply(429, b"", "text/plain", Retry_After="0"), json_reply(user())]
    async with plex_tv(monkeypatch, GET_user=flaky):
        await login(person)

    assert ["7"] == [account.remote_user_id for account in person.kept]


async def test_what_was_kept_stays_known_when_the_rest_fails(monkeypatch):
    """What was kept stays known when the rest fails (A1).

    The caller decides what becomes of it.
    """
    person = Person()
    async with plex_tv(monkeypatch, GET_resources=BROKEN):
        with pytest.raises(UnreachableError):
            await login(person)

    assert [ACCOUNT_TOKEN] == [account.credentials.token for account in person.kept]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://[", "nonsense", "https://a\nb"])
async def test_a_forward_url_that_is_no_web_page_is_refused(monkeypatch, url):
    """A forward url that is no web page is refused (K6).

    Before anything is asked of plex.tv.
    """
    async with plex_tv(monkeypatch) as tv:
        with pytest.raises(InvalidArgumentError):
            await login(Person(), forward_url=url)

    assert [] == tv.server.seen


# --- a Home -------------------------------------------------------------------------------------


async def test_a_member_of_a_home_is_chosen_and_has_his_own_servers(monkeypatch):
    """A member of a home is chosen and has his own servers.

    The switched token lists that user's servers.
    """
    person = Person(UserChoice(user_id="8", pin="1234"))
    async with plex_tv(monkeypatch, **HOME) as tv:
        new = await login(person)

    assert ["code", "keep", "user", "keep"] == person.order
    assert [ACCOUNT_TOKEN, MEMBER_TOKEN] == [kept.credentials.token for kept in person.kept]
    [(users, _)] = person.asked
    assert [("7", "Alice", False), ("8", "Kid", True)] == [
        (shown.id, shown.name, shown.needs_pin) for shown in users
    ]
    assert ("8", "Kid") == (new.account.remote_user_id, new.account.display_name)
    assert MEMBER_TOKEN == new.account.credentials.token
    [asked] = tv.asked("GET /api/v2/resources")
    assert MEMBER_TOKEN == asked.headers["x-plex-token"]
    [switched] = tv.asked(SWITCH)
    assert ACCOUNT_TOKEN == switched.headers["x-plex-token"]
    assert "0" == switched.headers["content-length"]


async def test_a_wrong_pin_is_asked_for_again_and_never_sent_twice(monkeypatch):
    """A wrong pin is asked for again and never sent twice.

    403 code 1041; never retried automatically.
    """
    person = Person(
        UserChoice(user_id="8", pin="0000"),
        UserChoice(user_id="8"),
        UserChoice(user_id="8", pin="1234"),
    )
    async with plex_tv(monkeypatch, **HOME) as tv:
        new = await login(person)

    assert "8" == new.account.remote_user_id
    assert ["0000", None, "1234"] == [seen.query.get("pin") for seen in tv.asked(SWITCH)]
    first, *later = (message for _, message in person.asked)
    assert all("PIN of Kid" in message for message in later)
    assert "PIN" not in first


@pytest.mark.parametrize("pin", ["abcd", "12 34", "1234\n", "9" * 70_000, "١٢٣٤"])
async def test_what_can_be_no_pin_is_not_sent(monkeypatch, pin):
    """What can be no pin is not sent (K6).

    It comes from the bus; plex.tv counts the wrong ones.
    """
    person = Person(UserChoice(user_id="8", pin=pin), UserChoice(user_id="8", pin="1234"))
    async with plex_tv(monkeypatch, **HOME) as tv:
        await login(person)

    assert 1 == len(tv.asked(SWITCH))


async def test_the_accounts_own_user_needs_no_switch(monkeypatch):
    """The accounts own user needs no switch.

    Signing in has proved who that is.
    """
    person = Person(UserChoice(user_id="7"))
    async with plex_tv(monkeypatch, **HOME) as tv:
        new = await login(person)

    assert ("7", ACCOUNT_TOKEN) == (new.account.remote_user_id, new.account.credentials.token)
    assert [] == tv.asked(SWITCH)


async def test_a_home_of_one_user_asks_nothing(monkeypatch):
    """Brief: only with more than one."""
    alone = {**HOME, "GET_home_users": json_reply({"users": [member(7, "Alice")]})}
    person = Person()
    async with plex_tv(monkeypatch, **alone):
        await login(person)

    assert [] == person.asked


async def test_somebody_who_is_no_member_is_asked_about_again(monkeypatch):
    """Somebody who is no member is asked about again (K6).

    Ids come from the bus.
    """
    person = Person(UserChoice(user_id="99"), UserChoice(user_id="7"))
    async with plex_tv(monkeypatch, **HOME):
        await login(person)

    assert 2 == len(person.asked)


async def test_a_member_who_signs_in_anew_is_not_asked_who_he_is(monkeypatch):
    """A member who signs in anew is not asked who he is (A3).

    Only for his PIN, if he has one.
    """
    person = Person(UserChoice(user_id="8", pin="1234"))
    async with plex_tv(monkeypatch, **HOME):
        new = await login(person, again=account_of("8"))
    [(users, _)] = person.asked
    assert ["8"] == [shown.id for shown in users]
    assert "8" == new.account.remote_user_id

    without = {**HOME, "GET_home_users": json_reply({"users": [member(8, "Kid")]})}
    without["POST_home_users_u8_switch"] = json_reply({"authToken": MEMBER_TOKEN})
    nobody = Person()
    async with plex_tv(monkeypatch, **without):
        assert (
            MEMBER_TOKEN == (await login(nobody, again=account_of("8"))).account.credentials.token
        )
    assert [] == nobody.asked


async def test_a_pin_that_is_missing_after_all_is_asked_for(monkeypatch):
    """A pin that is missing after all is asked for.

    A member without a PIN gets one between two requests; no endless loop.
    """
    person = Person(UserChoice(user_id="8", pin="1234"))
    answers = {**HOME, "GET_home_users": json_reply({"users": [member(8, "Kid")]})}
    async with plex_tv(monkeypatch, **answers) as tv:
        await login(person, again=account_of("8"))

    assert [None, "1234"] == [seen.query.get("pin") for seen in tv.asked(SWITCH)]


async def test_a_sign_in_anew_does_not_need_a_server(monkeypatch):
    """A sign in anew does not need a server (A2, A3).

    An empty or failed list takes nothing away.
    """
    for listed in (json_reply([]), BROKEN):
        async with plex_tv(monkeypatch, GET_resources=listed):
            new = await login(Person(), again=account_of())
        assert ((), ACCOUNT_TOKEN) == (new.sources, new.account.credentials.token)


async def test_switching_waits_when_plex_tv_asks_to(monkeypatch):
    """Switching waits when plex.tv asks to.

    429 without Retry-After; the PIN was not looked at, so it is sent again.
    """
    busy = [reply(429, b"", "text/plain", Retry_After="0"), json_reply({"authToken": MEMBER_TOKEN})]
    async with (
        plex_tv(monkeypatch, **{**HOME, "POST_home_users_u8_switch": busy}),
        client() as tv,
    ):
        users = await home_users(tv)
        person = Person(UserChoice(user_id="8", pin="1234"))
        with anyio.fail_after(10):
            _, own = await switch(tv, users, person, signed_in_as="7", pauses_s=(0.01,))

    assert MEMBER_TOKEN == own


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_reply({"errors": [{"code": 1, "message": "no"}]}, 403), AuthRefusedError),
        (json_reply({"authToken": "a b"}, 201), BadResponseError),
        (json_reply({}, 201), BadResponseError),
        (json_reply({"errors": []}, 404), BadResponseError),
        (BROKEN, UnreachableError),
    ],
)
async def test_a_switch_that_fails_otherwise_ends_the_sign_in(monkeypatch, answer, error):
    """A switch that fails otherwise ends the sign in.

    The PIN shows nowhere.
    """
    person = Person(UserChoice(user_id="8", pin="1234"))
    async with plex_tv(monkeypatch, **{**HOME, "POST_home_users_u8_switch": answer}):
        with pytest.raises(error) as caught:
            await login(person)

    assert isinstance(caught.value, MsdError)
    assert "1234" not in "".join(traceback.format_exception(caught.value))


async def test_hostile_members_are_left_out(monkeypatch):
    """Hostile members are left out (K5).

    And the rest can be chosen.
    """
    users = ["x", {}, {"id": 9}, {"id": "x", "uuid": "u"}, {"id": 9, "uuid": "../.."}]
    users += [member(8, "Kid")] * 500
    async with (
        plex_tv(monkeypatch, GET_home_users=json_reply({"users": users})),
        client() as tv,
    ):
        assert {"8"} == {found.id for found in await home_users(tv)}
    async with (
        plex_tv(monkeypatch, GET_home_users=json_reply({"users": None})),
        client() as tv,
    ):
        assert () == await home_users(tv)


# --- the end ------------------------------------------------------------------------------------


async def test_signing_out_gives_the_token_back(monkeypatch):
    """Signing out gives the token back (A4)."""
    assert SPEC.sign_out is not None
    async with plex_tv(monkeypatch) as tv:
        await SPEC.sign_out(account_context())

    [asked] = tv.asked("DELETE /api/v2/users/signout")
    assert ACCOUNT_TOKEN == asked.headers["x-plex-token"]


async def test_signing_out_is_best_effort(monkeypatch):
    """Signing out is best effort (A4).

    Never blocking a removal.
    """
    assert SPEC.sign_out is not None
    for answer in (BROKEN, REFUSED):
        async with plex_tv(monkeypatch, DELETE_users_signout=answer):
            await SPEC.sign_out(account_context())
