"""Discovery, identity and administration."""

from __future__ import annotations

from typing import Any

from tests.simulators.jellyfin.service.http import Response, json_reply, text_reply
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call, Phase
from tests.simulators.jellyfin.world.wire import write_time


def public_info(call: Call) -> dict[str, Any]:
    """Return what anyone may know about the server."""
    state = call.state
    return {
        "LocalAddress": state.url,
        "ServerName": state.world.server_name,
        "Version": state.version.number,
        "ProductName": "Jellyfin Server",
        "OperatingSystem": "Linux" if state.version.rank < (10, 9) else "",
        "Id": state.world.server_id,
        "StartupWizardCompleted": True,
    }


@router.route("GET", "/System/Info/Public", anonymous=True)
def get_public_info(call: Call) -> Response:
    """Say who the server is; while it starts, the setup server says it in camelCase."""
    members = public_info(call)
    if call.state.phase is Phase.SETUP:
        members["StartupWizardCompleted"] = False
        members = {key[0].lower() + key[1:]: value for key, value in members.items()}
    return json_reply(members)


@router.route("GET", "POST", "/System/Ping", anonymous=True)
def ping(call: Call) -> Response:
    """Answer a ping."""
    return json_reply("Jellyfin Server")


@router.route("GET", "/health", anonymous=True)
def health(call: Call) -> Response:
    """Say how the server is."""
    starting = call.state.phase is not Phase.READY
    return text_reply("Degraded" if starting else "Healthy", 200)


@router.route("GET", "/GetUtcTime", anonymous=True)
def get_utc_time(call: Call) -> Response:
    """Tell the server's time."""
    now = write_time(call.world.clock.now())
    return json_reply({"RequestReceptionTime": now, "ResponseTransmissionTime": now})


@router.route("GET", "/Branding/Configuration", anonymous=True)
def get_branding(call: Call) -> Response:
    """Show the login disclaimer."""
    return json_reply({"LoginDisclaimer": "Bitte anmelden", "SplashscreenEnabled": False})


@router.route("GET", "/System/Info")
def get_system_info(call: Call) -> Response:
    """Say more about the server to somebody who is signed in."""
    return json_reply(
        public_info(call)
        | {
            "HasPendingRestart": False,
            "IsShuttingDown": False,
            "SupportsLibraryMonitor": True,
            "WebSocketPortNumber": 8096,
            "CompletedInstallations": [],
            "CanSelfRestart": True,
            "CanLaunchWebBrowser": False,
            "HasUpdateAvailable": False,
            "SystemArchitecture": "X64",
        }
    )


@router.route("GET", "/Auth/Keys", administrators_only=True)
def get_keys(call: Call) -> Response:
    """List the API keys."""
    keys = [
        {"AccessToken": device.token, "AppName": device.client}
        for device in call.state.devices.by_token.values()
        if device.user is None
    ]
    return json_reply({"Items": keys, "TotalRecordCount": len(keys), "StartIndex": 0})


@router.route("POST", "/Auth/Keys", administrators_only=True)
def add_key(call: Call) -> Response:
    """Create an API key."""
    call.state.devices.add_api_key(call.request.query.text("app") or "")
    return Response(status=204)


@router.route("DELETE", "/Auth/Keys/{key}", administrators_only=True)
def delete_key(call: Call) -> Response:
    """Revoke an API key."""
    call.state.devices.revoke(call.parts["key"])
    return Response(status=204)


@router.route("GET", "/web/", anonymous=True)
@router.route("GET", "/web/index.html", anonymous=True)
def get_web(call: Call) -> Response:
    """Serve the web client's page."""
    page = b"<!DOCTYPE html><html><head><title>Jellyfin</title></head></html>"
    return Response(body=page, content_type="text/html")


@router.route("GET", "/", anonymous=True)
def get_root(call: Call) -> Response:
    """Lead a browser to the web client."""
    return Response(status=302, headers=[("Location", "web/")])
