"""Logging in and out, and who one is."""

from __future__ import annotations

from typing import NoReturn

from tests.simulators.jellyfin.service.accounts import (
    session_members,
    sign_in_members,
    user_members,
)
from tests.simulators.jellyfin.service.http import (
    PROBLEM_TEXT,
    Refusal,
    Response,
    json_reply,
    not_found,
    text_reply,
)
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import User


@router.route("POST", "/Users/AuthenticateByName", anonymous=True)
def authenticate_by_name(call: Call) -> Response:
    """Log in with a name and a password."""
    body = call.request.json()
    name, password = body.get("username"), body.get("pw") or ""
    state, caller = call.state, call.caller
    if not isinstance(name, str) or not name.strip():
        _refuse(400)
    if state.version.rank >= (10, 9) and not caller.is_complete:
        _refuse(400)
    user = call.world.user(name)
    if user is None:
        _refuse(401)
    if user.disabled or user.refused:
        _refuse(403)
    if password != user.password:
        _count_failure(call, user)
        _refuse(401)
    user.failed_logins = 0
    return json_reply(sign_in_members(state, state.devices.sign_in(user, caller, state.version)))


def _refuse(status: int) -> NoReturn:
    raise Refusal(text_reply(PROBLEM_TEXT, status))


def _count_failure(call: Call, user: User) -> None:
    user.failed_logins += 1
    if 0 <= call.state.lockout_after <= user.failed_logins:
        user.disabled = True


@router.route("GET", "/Users/Public", anonymous=True)
def get_public_users(call: Call) -> Response:
    """List the accounts shown on a login screen."""
    shown = [user for user in call.world.users.values() if not (user.hidden or user.disabled)]
    return json_reply([user_members(call.state, user) for user in shown])


@router.route("GET", "/Users/Me")
def get_me(call: Call) -> Response:
    """Say whose token this is."""
    if call.device is None or call.device.user is None:
        return text_reply(PROBLEM_TEXT, 400)
    return json_reply(user_members(call.state, call.device.user))


@router.route("GET", "/Users")
def get_users(call: Call) -> Response:
    """List every account."""
    return json_reply([user_members(call.state, user) for user in call.world.users.values()])


@router.route("POST", "/Sessions/Logout")
def logout(call: Call) -> Response:
    """End the session of the token used."""
    if call.device:
        call.state.devices.revoke(call.device.token)
    return Response(status=204)


@router.route("GET", "/Sessions")
def get_sessions(call: Call) -> Response:
    """List the signed-in devices."""
    devices = call.state.devices.by_token.values()
    return json_reply([session_members(call.state, device) for device in devices])


@router.route("POST", "/Sessions/Capabilities")
@router.route("POST", "/Sessions/Capabilities/Full")
def post_capabilities(call: Call) -> Response:
    """Take note of what a client can do."""
    return Response(status=204)


@router.route("GET", "/Users/{uid}")
def get_user(call: Call) -> Response:
    """Show one account."""
    user = call.world.users.get(call.guid("uid"))
    return json_reply(user_members(call.state, user)) if user else not_found()
