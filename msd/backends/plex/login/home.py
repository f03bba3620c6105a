"""The members of a Plex Home: several users of one account, some of them with a PIN."""

import re
from collections.abc import Sequence

import anyio
import httpx
import msgspec

from msd.backend_api import LoginDialogue, LoginUser, UserChoice
from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode
from msd.backends.plex.login.tv import PlexTv, errors_of
from msd.backends.plex.parse.scalars import flag, identifier, number, token, word
from msd.errors import AuthRefusedError, BadResponseError, UnreachableError

HOME_USERS = "/api/v2/home/users"
PAUSES_S = (5.0, 10.0, 20.0, 40.0)  # after plex.tv has asked to wait
_PIN_NEEDED = 1041
_MOST_USERS = 100
_PIN = re.compile(r"[0-9]{1,8}")


class HomeUser(msgspec.Struct, frozen=True, kw_only=True):
    """One member of a Home."""

    id: str  # the same as that of the user's account
    uuid: str
    name: str
    needs_pin: bool


async def home_users(tv: PlexTv) -> tuple[HomeUser, ...]:
    """Return the members of the account's Home."""
    row = await tv.get(HOME_USERS, dict[str, object])
    users = row.get("users")
    if not isinstance(users, list):
        return ()
    return tuple(filter(None, map(_home_user, users[:_MOST_USERS])))


def _home_user(row: object) -> HomeUser | None:
    if not isinstance(row, dict):
        return None
    user_id, uuid = number(row.get("id")), identifier(row.get("uuid"))
    if user_id is None or not uuid:
        return None
    names = (word(row.get(key)) for key in ("friendlyName", "title", "username"))
    return HomeUser(
        id=str(user_id),
        uuid=uuid,
        name=next(filter(None, names), str(user_id)),
        needs_pin=flag(row.get("protected")),
    )


async def switch(
    tv: PlexTv,
    users: Sequence[HomeUser],
    dialogue: LoginDialogue,
    *,
    signed_in_as: str,
    pauses_s: Sequence[float] = PAUSES_S,
) -> tuple[HomeUser, str]:
    """Ask which member of a Home to use; return the member and a token for him.

    A PIN is sent once; after a wrong one the dialogue asks again.

    Args:
        tv: signed in with the account's token.
        users: whom to choose from; a single one without a PIN is chosen already.
        dialogue: asks the person.
        signed_in_as: the id of the user whose token that is, for whom nothing is left to prove.
        pauses_s: after plex.tv has asked to wait.

    Raises:
        BackendError: as `PlexTv.send` and `raise_for_status` say.
    """
    shown = [
        LoginUser(id=user.id, name=user.name, needs_pin=user.needs_pin and user.id != signed_in_as)
        for user in users
    ]
    if len(shown) == 1 and not shown[0].needs_pin:
        choice = UserChoice(user_id=shown[0].id)
    else:
        choice = await dialogue.choose_user(shown, "choose who uses this source")
    while True:
        chosen = next((user for user in users if user.id == choice.user_id), None)
        if chosen is None:
            message = "choose one of these users"
        elif chosen.id == signed_in_as:
            return chosen, ""
        elif user_token := await _token_of(tv, chosen, choice, pauses_s):
            return chosen, user_token
        else:
            message = f"the PIN of {chosen.name} is wrong; try again"
        choice = await dialogue.choose_user(shown, message)


async def _token_of(
    tv: PlexTv, user: HomeUser, choice: UserChoice, pauses_s: Sequence[float]
) -> str:
    """Return a token of a member's own, "" when the PIN is wrong or missing."""
    if choice.pin and _PIN.fullmatch(choice.pin) is None:
        return ""  # plex.tv counts wrong ones; what is none is not worth one of them
    answer = await _patient_switch(tv, user, choice, pauses_s)
    if answer.is_success:
        if user_token := token(decode(answer, dict[str, object]).get("authToken")):
            return user_token
        raise BadResponseError("plex.tv switched the user but gave no token")
    if any(error.code == _PIN_NEEDED for error in errors_of(answer)):
        return ""
    if answer.status == httpx.codes.FORBIDDEN:
        raise AuthRefusedError("plex.tv does not let this user be used here")
    await tv.raise_for_status(answer)
    raise BadResponseError("plex.tv did not switch the user")


async def _patient_switch(
    tv: PlexTv, user: HomeUser, choice: UserChoice, pauses_s: Sequence[float]
) -> Answer:
    """Switch the user, and repeat while plex.tv asks to wait (it has not checked the PIN then)."""
    path = f"{HOME_USERS}/{user.uuid}/switch"
    pin = {"pin": choice.pin} if choice.pin else None
    for pause_s in pauses_s:
        try:
            return await tv.send("POST", path, pin)
        except UnreachableError as error:
            if error.retry_after_s is None:
                raise
            await anyio.sleep(max(pause_s, error.retry_after_s))
    return await tv.send("POST", path, pin)
