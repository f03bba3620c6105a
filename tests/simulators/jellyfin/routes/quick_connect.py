"""Quick Connect."""

from __future__ import annotations

from tests.simulators.jellyfin.service.accounts import sign_in_members
from tests.simulators.jellyfin.service.http import PROBLEM_TEXT, Response, json_reply, text_reply
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call


@router.route("GET", "/QuickConnect/Enabled", anonymous=True)
def get_enabled(call: Call) -> Response:
    """Say whether Quick Connect is on."""
    return json_reply(call.state.quick_connect.enabled)


@router.route("POST", "/QuickConnect/Initiate", anonymous=True, since=(10, 9))
@router.route("GET", "/QuickConnect/Initiate", anonymous=True, before=(12, 0))
def initiate(call: Call) -> Response:
    """Start a login: a secret for the device, a code for the person."""
    if not call.state.quick_connect.enabled:
        return json_reply("Quick connect is disabled", 401)
    if not call.caller.is_complete:
        return text_reply(PROBLEM_TEXT, 400)
    return json_reply(call.state.quick_connect.initiate(call.caller).dto())


@router.route("GET", "/QuickConnect/Connect", anonymous=True)
def connect(call: Call) -> Response:
    """Say how far a login has come."""
    if not call.state.quick_connect.enabled:
        return json_reply("Quick connect is disabled", 401)
    entry = call.state.quick_connect.by_secret(call.request.query.text("secret") or "")
    return json_reply(entry.dto()) if entry else json_reply("Unknown secret", 404)


@router.route("POST", "/QuickConnect/Authorize")
def authorize(call: Call) -> Response:
    """Let the device with this code in."""
    state, user = call.state, call.needs_user()
    entry = state.quick_connect.by_code(call.request.query.text("code") or "")
    if entry is None:
        return text_reply(PROBLEM_TEXT, 404)
    if entry.user:
        return text_reply(PROBLEM_TEXT, 500)
    token = state.devices.sign_in(user, entry.caller, state.version).token
    state.quick_connect.authorize(entry, user, token)
    return json_reply(value=True)


@router.route("POST", "/Users/AuthenticateWithQuickConnect", anonymous=True)
def authenticate(call: Call) -> Response:
    """Fetch the token of an authorized login; it may be asked for more than once."""
    secret = str(call.request.json().get("secret") or "")
    entry = call.state.quick_connect.by_secret(secret)
    device = call.state.devices.by_token.get(entry.token or "") if entry else None
    if device is None:
        return text_reply(PROBLEM_TEXT, 404)
    return json_reply(sign_in_members(call.state, device))
