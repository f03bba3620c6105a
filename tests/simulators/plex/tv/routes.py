"""What plex.tv answers."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulators.http.message import Response
from tests.simulators.http.routing import Route, pattern_of
from tests.simulators.plex.containers import XML_TYPE, wants_json
from tests.simulators.plex.errors import tv_error
from tests.simulators.plex.faults import too_many

from .call import TvCall
from .resources import in_xml
from .users import PlexUser, home_members, user_members

_SWITCH_WINDOW_S = 60
Handler = Callable[[TvCall], Response]


def _create_pin(call: TvCall) -> Response:
    form = call.form()
    strong = form.get("strong", "").lower() in ("1", "true") or b'"strong":true' in (
        call.request.body.replace(b" ", b"")
    )
    pin = call.state.pins.create(call.client_id, call.product, strong=strong)
    return call.reply(pin.members(call.state.base, call.state.clock.now()), 201, name="pin")


def _poll_pin(call: TvCall) -> Response:
    number = call.parts["id"]
    pin = call.state.pins.find(int(number)) if number.isdigit() else None
    if pin is None or pin.client_id != call.client_id:
        return tv_error(404, 1020, "Code not found or expired")
    if pin.denied:
        return tv_error(403, 1021, "The request was rejected")
    return call.reply(pin.members(call.state.base, call.state.clock.now()), name="pin")


def _link_pin(call: TvCall) -> Response:
    user = call.signed_in().user
    pin = call.state.pins.by_code(call.form().get("code", ""))
    if pin is None:
        return tv_error(404, 1020, "Code not found or expired")
    call.state.approve(pin, user)
    return Response(status=204)


def _user(call: TvCall) -> Response:
    user = call.signed_in().user
    return _user_reply(call, user, call.token)


def _user_reply(call: TvCall, user: PlexUser, token: str, status: int = 200) -> Response:
    members = user_members(user, token)
    xml = {
        key: value
        for key, value in members.items()
        if not isinstance(value, list | dict) and value is not None
    }
    features = [{"id": each} for each in members["subscription"]["features"]]
    plain = {"active": True, "status": "Active", "plan": "lifetime"}
    xml["subscription"] = {**plain, "features": {"feature": features}}
    xml["profile"] = members["profile"]
    xml["roles"] = {"role": [{"id": "plexpass"}]}
    return call.reply(members, status, name="user", xml=xml)


def _sign_in(call: TvCall) -> Response:
    form = call.form()
    login, password = form.get("login"), form.get("password")
    for user in call.state.users.values():
        if login in (user.name, user.email) and password == user.password and password:
            break
    else:
        return tv_error(401, 1001, "User could not be authenticated")
    if user.second_factor and form.get("verificationCode") != user.second_factor:
        return tv_error(401, 1029, "Please enter the verification code")
    return _user_reply(call, user, call.state.tokens.issue(user, call.client_id), 201)


def _sign_out(call: TvCall) -> Response:
    call.signed_in()
    call.state.tokens.revoke(call.token)
    return Response(status=204)


def _ping(call: TvCall) -> Response:
    call.signed_in()
    if wants_json(call.request, call.query):
        return call.reply({"pong": True}, name="pong")
    return Response(body=b"<pong>true</pong>", content_type=XML_TYPE)


def _home(call: TvCall) -> Response:
    members = home_members(call.signed_in().user.home)
    xml = {**members, "users": {"user": members["users"]}}
    return call.reply(members, name="home", xml=xml)


def _switch(call: TvCall) -> Response:
    asking = call.signed_in().user
    state, now = call.state, call.state.clock.now().timestamp()
    while state.switches and state.switches[0] <= now - _SWITCH_WINDOW_S:
        state.switches.popleft()
    if len(state.switches) >= state.switch_limit:
        limited = too_many().instead
        assert limited
        return limited
    state.switches.append(now)
    members = asking.home.members if asking.home else []
    wanted = [each for each in members if call.parts["id"] in (each.uuid, str(each.id))]
    if not wanted:
        return tv_error(404, 1040, "User not found")
    if wanted[0].pin and call.form().get("pin") != wanted[0].pin:
        return tv_error(403, 1041, "A valid PIN is required to perform this action")
    token = state.tokens.issue(wanted[0], call.client_id, rotate=wanted[0] is not asking)
    return _user_reply(call, wanted[0], token, 201)


def _resources(call: TvCall) -> Response:
    user, query = call.signed_in().user, call.query
    asked = {
        "https": query.flag("includeHttps"),
        "relay": query.flag("includeRelay"),
        "ipv6": query.flag("includeIPv6"),
    }
    entries = [
        each.entry_for(user, **asked)
        for each in call.state.published
        if user.id in each.viewers and not each.hidden
    ]
    entries += call.state.other_resources
    return call.reply(entries, name="resources", xml=in_xml(entries))


ROUTES = tuple(
    Route(method=method, template=template, pattern=pattern_of(template), handler=handler)
    for method, template, handler in (
        ("POST", "/api/v2/pins", _create_pin),
        ("PUT", "/api/v2/pins/link", _link_pin),
        ("GET", "/api/v2/pins/{id}", _poll_pin),
        ("GET", "/api/v2/user", _user),
        ("POST", "/api/v2/users/signin", _sign_in),
        ("DELETE", "/api/v2/users/signout", _sign_out),
        ("GET", "/api/v2/ping", _ping),
        ("GET", "/api/v2/home/users", _home),
        ("POST", "/api/v2/home/users/{id}/switch", _switch),
        ("GET", "/api/v2/resources", _resources),
    )
)
