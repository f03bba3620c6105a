"""Accounts as JSON."""

from __future__ import annotations

from typing import Any

from tests.simulators.jellyfin.service.access import Device
from tests.simulators.jellyfin.service.state import ServerState
from tests.simulators.jellyfin.world.item import User
from tests.simulators.jellyfin.world.wire import make_id, write_time

_PROVIDERS = "Jellyfin.Server.Implementations.Users"


def user_members(state: ServerState, user: User) -> dict[str, Any]:
    """Return the UserDto of an account."""
    now = write_time(state.world.clock.now())
    return {
        "Name": user.name,
        "ServerId": state.world.server_id,
        "Id": user.id,
        "HasPassword": True,
        "HasConfiguredPassword": True,
        "HasConfiguredEasyPassword": False,
        "EnableAutoLogin": False,
        "LastLoginDate": now,
        "LastActivityDate": now,
        "Configuration": {
            "PlayDefaultAudioTrack": True,
            "SubtitleLanguagePreference": "",
            "DisplayMissingEpisodes": False,
            "GroupedFolders": [],
            "SubtitleMode": "Default",
            "DisplayCollectionsView": False,
            "EnableLocalPassword": False,
            "OrderedViews": [],
            "LatestItemsExcludes": [],
            "MyMediaExcludes": sorted(user.hidden_views),
            "HidePlayedInLatest": True,
            "RememberAudioSelections": True,
            "RememberSubtitleSelections": True,
            "EnableNextEpisodeAutoPlay": True,
        },
        "Policy": _policy(state, user),
    }


def _policy(state: ServerState, user: User) -> dict[str, Any]:
    allowed = [each for each in state.world.libraries if each not in user.forbidden_libraries]
    return {
        "IsAdministrator": user.administrator,
        "IsHidden": user.hidden,
        "IsDisabled": user.disabled,
        "EnableUserPreferenceAccess": True,
        "EnableRemoteAccess": True,
        "EnableMediaPlayback": True,
        "EnableAudioPlaybackTranscoding": True,
        "EnableVideoPlaybackTranscoding": True,
        "EnablePlaybackRemuxing": True,
        "EnableContentDownloading": True,
        "EnableAllFolders": not user.forbidden_libraries,
        "EnabledFolders": allowed if user.forbidden_libraries else [],
        **_limit(user),
        "BlockUnratedItems": [],
        "BlockedTags": [],
        **({"AllowedTags": []} if state.version.rank >= (10, 9) else {}),
        "BlockedMediaFolders": [],
        "AccessSchedules": [],
        "RemoteClientBitrateLimit": 0,
        "MaxActiveSessions": 0,
        "LoginAttemptsBeforeLockout": state.lockout_after,
        "InvalidLoginAttemptCount": user.failed_logins,
        "AuthenticationProviderId": f"{_PROVIDERS}.DefaultAuthenticationProvider",
        "PasswordResetProviderId": f"{_PROVIDERS}.DefaultPasswordResetProvider",
        "SyncPlayAccess": "CreateAndJoinGroups",
    }


def _limit(user: User) -> dict[str, Any]:
    """Return the parental limit, absent where there is none."""
    limit = user.max_parental_rating
    return {} if limit is None else {"MaxParentalRating": limit}


def session_members(state: ServerState, device: Device) -> dict[str, Any]:
    """Return the SessionInfoDto of a signed-in device."""
    user = device.user
    now = write_time(state.world.clock.now())
    return {
        "PlayState": {
            "CanSeek": False,
            "IsPaused": False,
            "IsMuted": False,
            "RepeatMode": "RepeatNone",
        },
        "AdditionalUsers": [],
        "PlayableMediaTypes": [],
        "Id": make_id("session", device.client, device.device_id),
        "UserId": user.id if user else "0" * 32,
        "UserName": user.name if user else "",
        "Client": device.client,
        "LastActivityDate": now,
        "DeviceName": device.name,
        "DeviceId": device.device_id,
        "ApplicationVersion": device.version,
        "IsActive": True,
        "SupportsMediaControl": False,
        "SupportsRemoteControl": False,
        "NowPlayingQueue": [],
        "HasCustomDeviceName": False,
        "ServerId": state.world.server_id,
        "SupportedCommands": [],
    }


def sign_in_members(state: ServerState, device: Device) -> dict[str, Any]:
    """Return the AuthenticationResult of a login."""
    assert device.user is not None
    return {
        "User": user_members(state, device.user),
        "SessionInfo": session_members(state, device),
        "AccessToken": device.token,
        "ServerId": state.world.server_id,
    }
