"""Logins: what is asked and answered, who may, and what is left when one ends (A1, K6)."""

import pytest

from msd import errors
from msd.coordinator.accounts.logins import MAX_OF_A_CALLER, MAX_WAITING, SHORTEST_TOKEN
from msd.events import AccountAdded, LoginAdded, LoginFinished, SourceAdded
from msd.models import (
    BackendKind,
    Caller,
    KeyringState,
    LoginId,
    LoginState,
    LoginStep,
    LoginUser,
    PublicStatus,
)
from tests.coordinator.accounts.person import TOKEN, Person
from tests.support.fakes.fake_backend import KIND
from tests.support.fakes.fake_service import CLUB, CODE, LINK, UNREACHABLE
from tests.support.rig import Rig

pytestmark = pytest.mark.anyio


async def test_an_approved_code_adds_every_server_of_the_account(rig: Rig) -> None:
    """An approved code adds every server of the account (A2).

    One source per server, each with its own token, connected by themselves.
    """
    async with rig.running() as run:
        run.coordinator.start()
        person = Person(run)
        login_id = await person.begin()
        asked = await person.until_step(login_id, LoginStep.CODE)
        rig.service.approved.set()
        ended = await person.until_ended(login_id)
        for source_id in ended.source_ids:
            await run.until_status(source_id, PublicStatus.CONNECTED)

        assert (CODE, LINK, "open the link") == (asked.code, asked.url, asked.message)
        assert (ended.state, ended.code, ended.url) == (LoginState.AUTHORISED, "", "")
        assert {"near", "shared"} == {
            run.coordinator.sources.get(one).source.server_id for one in ended.source_ids
        }
        assert {"near": {"near-1"}, "shared": {"shared-1"}} == {
            server: set(tokens) for server, tokens in rig.service.used.items()
        }
        (stored,) = rig.credential_store.stored.values()
        assert {"near": "near-1", "shared": "shared-1"} == dict(stored.server_tokens)
        kinds = [type(event) for event in run.of(object)]  # type: ignore[arg-type]
        assert kinds.index(LoginAdded) < kinds.index(AccountAdded) < kinds.index(SourceAdded)
        assert kinds.index(SourceAdded) < kinds.index(LoginFinished)


async def test_a_wrong_password_is_asked_for_again(rig: Rig) -> None:
    """Login: the message says so, and nothing is stored meanwhile."""
    async with rig.running() as run:
        person = Person(run)
        logins = run.coordinator.logins
        login_id = await person.begin("password")
        await person.until_step(login_id, LoginStep.PASSWORD)

        await logins.submit_password(login_id, "wrong", person.caller)
        await run.until(lambda: "wrong" in person.login(login_id).message)
        assert person.login(login_id).step is LoginStep.PASSWORD
        assert not rig.credential_store.stored
        await logins.submit_password(login_id, "secret", person.caller)
        ended = await person.until_ended(login_id)

        assert ended.state is LoginState.AUTHORISED


async def test_a_user_is_chosen_and_a_wrong_pin_is_asked_for_again(rig: Rig) -> None:
    """Login: Plex Home."""
    async with rig.running() as run:
        person = Person(run)
        logins = run.coordinator.logins
        login_id = await person.begin("user")
        asked = await person.until_step(login_id, LoginStep.USER)

        for user_id, pin in (("nobody", ""), ("bob", "")):
            with pytest.raises(errors.InvalidArgumentError):
                await logins.select_user(login_id, user_id, pin, person.caller)
        await logins.select_user(login_id, "bob", "0000", person.caller)
        await run.until(lambda: "wrong" in person.login(login_id).message)
        await logins.select_user(login_id, "bob", "1234", person.caller)
        ended = await person.until_ended(login_id)

        assert (
            LoginUser(id="ann", name="Ann"),
            LoginUser(id="bob", name="Bob", needs_pin=True),
        ) == asked.users
        assert ended.state is LoginState.AUTHORISED
        assert "Bob" == run.coordinator.accounts.all()[0].account.display_name
        assert not ended.users


async def test_an_answer_that_was_not_asked_for_is_refused(rig: Rig) -> None:
    """Login: and the second answer to one question as well."""
    async with rig.running() as run:
        person = Person(run)
        logins = run.coordinator.logins
        by_code = await person.begin()
        by_password = await person.begin("password")
        await person.until_step(by_code, LoginStep.CODE)
        await person.until_step(by_password, LoginStep.PASSWORD)
        await logins.submit_password(by_password, "wrong", person.caller)

        with pytest.raises(errors.InvalidArgumentError, match="no password"):
            await logins.submit_password(by_code, "secret", person.caller)
        with pytest.raises(errors.InvalidArgumentError, match="no user"):
            await logins.select_user(by_code, "ann", "", person.caller)
        with pytest.raises(errors.InvalidArgumentError, match="no password"):
            await logins.submit_password(by_password, "secret", person.caller)


async def test_a_code_that_nobody_used_ends_as_expired(rig: Rig) -> None:
    """Login: told apart from a refusal."""
    async with rig.running() as run:
        person = Person(run)
        login_id = await person.begin()
        rig.service.expired.set()
        ended = await person.until_ended(login_id)

        assert (LoginState.EXPIRED, "LoginExpired") == (ended.state, ended.error)
        assert not run.coordinator.list_sources()


@pytest.mark.parametrize(("by", "error"), [("nonsense", "BadResponse"), ("bug", "BackendFailed")])
async def test_a_backend_at_fault_fails_its_login_only(rig: Rig, by: str, error: str) -> None:
    """A link of another scheme is shown to nobody; a defect takes nothing else down."""
    async with rig.running() as run:
        person = Person(run)
        ended = await person.until_ended(await person.begin(by))

        assert (LoginState.FAILED, error) == (ended.state, ended.error)
        assert await person.sign_in()


async def test_a_cancelled_login_leaves_nothing(rig: Rig) -> None:
    """A cancelled login leaves nothing (A1).

    Cancelled in the middle.
    """
    async with rig.running() as run:
        person = Person(run)
        login_id = await person.begin()
        await person.until_step(login_id, LoginStep.CODE)

        await run.coordinator.logins.cancel(login_id, person.caller)
        ended = await person.until_ended(login_id)

        assert ended.state is LoginState.CANCELLED
        await run.coordinator.logins.cancel(login_id, person.caller)
        assert not rig.credential_store.stored
        assert not run.coordinator.list_sources()


@pytest.mark.parametrize("shown", ["", TOKEN + "!", "x"])
async def test_somebody_else_neither_answers_nor_cancels(rig: Rig, shown: str) -> None:
    """Somebody else neither answers nor cancels (K6)."""
    async with rig.running() as run:
        owner = Person(run, Caller(name=":1.1", owner_token=TOKEN))
        logins = run.coordinator.logins
        stranger = Caller(name=":1.2", owner_token=shown)
        login_id = await owner.begin("password")
        await owner.until_step(login_id, LoginStep.PASSWORD)

        assert not logins.is_owner(login_id, stranger)
        for attempt in (
            lambda: logins.submit_password(login_id, "secret", stranger),
            lambda: logins.select_user(login_id, "ann", "", stranger),
            lambda: logins.cancel(login_id, stranger),
        ):
            with pytest.raises(errors.NotOwnerError):
                await attempt()
        assert owner.login(login_id).state is LoginState.WAITING


async def test_another_connection_with_the_owners_token_goes_on(rig: Rig) -> None:
    """Another connection with the owners token goes on (K6).

    One-shot callers.
    """
    async with rig.running() as run:
        owner = Person(run, Caller(name=":1.1", owner_token=TOKEN))
        login_id = await owner.begin("password")
        await owner.until_step(login_id, LoginStep.PASSWORD)

        same = Caller(name=":1.2", owner_token=TOKEN)
        await run.coordinator.logins.submit_password(login_id, "secret", same)

        assert (await owner.until_ended(login_id)).state is LoginState.AUTHORISED


async def test_two_without_a_token_are_not_one_owner(rig: Rig) -> None:
    """Two without a token are not one owner (K6).

    An empty token opens nothing.
    """
    async with rig.running() as run:
        login_id = await Person(run).begin()

        assert not run.coordinator.logins.is_owner(login_id, Caller(name=""))
        assert not run.coordinator.logins.is_owner(login_id, Caller(name=":1.2"))


async def test_a_token_that_can_be_guessed_is_refused(rig: Rig) -> None:
    """A token that can be guessed is refused (K6)."""
    async with rig.running() as run:
        person = Person(run, Caller(name=":1.1", owner_token="x" * (SHORTEST_TOKEN - 1)))

        with pytest.raises(errors.InvalidArgumentError, match="16 to 256"):
            await person.begin()


async def test_a_tied_login_ends_with_its_caller(rig: Rig) -> None:
    """A tied login ends with its caller (K6).

    The other one goes on.
    """
    async with rig.running() as run:
        person = Person(run)
        free = await person.begin()
        tied = await person.begin(tied=True)
        await person.until_step(tied, LoginStep.CODE)

        rig.callers.left[person.caller.name].set()

        assert (await person.until_ended(tied)).state is LoginState.CANCELLED
        assert person.login(free).state is LoginState.WAITING


async def test_logins_are_bounded_per_caller_and_in_all(rig: Rig) -> None:
    """Logins are bounded per caller and in all (K6).

    One that has ended counts no more.
    """
    async with rig.running() as run:
        person = Person(run)
        own = [await person.begin() for _ in range(MAX_OF_A_CALLER)]
        with pytest.raises(errors.LimitExceededError, match="you have"):
            await person.begin()
        await run.coordinator.logins.cancel(own[0], person.caller)
        await person.until_ended(own[0])
        await person.begin()

        others = [Person(run, Caller(name=f":2.{number}")) for number in range(MAX_WAITING)]
        for other in others[: MAX_WAITING - MAX_OF_A_CALLER]:
            await other.begin()
        with pytest.raises(errors.LimitExceededError, match=str(MAX_WAITING)):
            await others[-1].begin()


async def test_nobody_types_a_password_while_the_keyring_is_locked(rig: Rig) -> None:
    """Nobody types a password while the keyring is locked (A1).

    Adding raises no prompt, and says so before it asks anything.
    """
    rig.keyring.now = KeyringState.LOCKED
    async with rig.running() as run:
        with pytest.raises(errors.KeyringLockedError):
            await Person(run).begin("password")

        assert not run.coordinator.logins.all()


async def test_what_can_not_be_begun_is_a_typed_error(rig: Rig) -> None:
    """BeginLogin answers at once."""
    async with rig.running() as run:
        logins = run.coordinator.logins
        caller = Caller(name=":1.1")

        with pytest.raises(errors.InvalidArgumentError, match="no backend"):
            await logins.begin(BackendKind("nothing"), {}, caller)
        with pytest.raises(errors.NotSupportedError, match="interactive"):
            await logins.begin(KIND, {}, caller)
        with pytest.raises(errors.InvalidArgumentError, match="needs the option by"):
            await logins.begin(CLUB, {}, caller)
        with pytest.raises(errors.InvalidArgumentError, match="no option 'x'"):
            await logins.begin(CLUB, {"by": "code", "x": 1}, caller)
        with pytest.raises(errors.UnknownLoginError):
            logins.get(LoginId(7))


async def test_a_failure_after_credentials_were_kept_gives_them_back(rig: Rig) -> None:
    """A failure after credentials were kept gives them back (A1).

    A kept token that came to nothing is signed out and forgotten.
    """
    rig.service.keeps = True
    rig.service.after_keep = UNREACHABLE
    rig.service.approved.set()
    async with rig.running() as run:
        person = Person(run)
        ended = await person.until_ended(await person.begin())

        assert (LoginState.FAILED, "Unreachable") == (ended.state, ended.error)
        assert not rig.credential_store.stored
        assert ["account-1"] == rig.service.signed_out
        assert not run.services.registry.unused_accounts()


async def test_credentials_that_were_kept_are_those_of_the_account(rig: Rig) -> None:
    """Credentials that were kept are those of the account (A1).

    One entry in the keyring, not two.
    """
    rig.service.keeps = True
    async with rig.running() as run:
        await Person(run).sign_in()

        (account,) = run.coordinator.accounts.all()
        assert [account.account.id] == list(rig.credential_store.stored)
        assert not run.services.registry.unused_accounts()


async def test_a_crash_between_keeping_and_storing_leaves_nothing_behind(rig: Rig) -> None:
    """A crash between keeping and storing leaves nothing behind (A1, O4).

    The next start signs out and forgets what no source uses.
    """
    async with rig.running() as run:
        new = rig.service.account("ann", "orphan")
        adding = run.coordinator._adding
        await adding.keep(CLUB, new, device_id="d")
        assert len(rig.credential_store.stored) == 1
        assert not run.coordinator.accounts.all()

    async with rig.running() as run:
        run.coordinator.start()
        await run.eventually(lambda: not run.services.registry.unused_accounts())

        assert not rig.credential_store.stored
        assert ["orphan"] == rig.service.signed_out


async def test_signing_in_twice_adds_what_is_missing_to_the_same_account(rig: Rig) -> None:
    """Signing in twice adds what is missing to the same account (I1, I3).

    A second account of one user would be a second device and a second entry.
    """
    async with rig.running() as run:
        first = await Person(run).sign_in()
        rig.service.server_tokens["new"] = "new-1"
        second = await Person(run).sign_in()
        third = await Person(run).until_ended(await Person(run).begin())

        assert (2, 1) == (len(first), len(second))
        assert 1 == len(run.coordinator.accounts.all())
        assert ["account-2", "account-3"] == rig.service.undone
        assert (LoginState.FAILED, "SourceExists") == (third.state, third.error)
        assert 1 == len(rig.credential_store.stored)


async def test_stopping_ends_every_login(rig: Rig) -> None:
    """Stopping ends every login (O4)."""
    async with rig.running() as run:
        person = Person(run)
        login_id = await person.begin()
        await person.until_step(login_id, LoginStep.CODE)
        await run.coordinator.close()

        assert person.login(login_id).state is LoginState.CANCELLED
