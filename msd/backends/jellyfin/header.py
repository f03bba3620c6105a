"""The `Authorization` header by which a Jellyfin server knows a client and its user."""

from dataclasses import dataclass
from urllib.parse import quote

_LONGEST_VALUE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The program and machine that a Jellyfin session belongs to."""

    client: str
    name: str
    device_id: str
    version: str

    def authorization(self, token: str = "") -> str:
        """Return the header's value; without a token it is good for signing in only.

        The server takes values apart at quotes, knows no escapes, and undoes percent-encoding;
        from 10.9 on it refuses a login with an empty value.
        """
        pairs = {
            "Client": self.client,
            "Device": self.name,
            "DeviceId": self.device_id,
            "Version": self.version,
        }
        values = {key: value[:_LONGEST_VALUE] or "msd" for key, value in pairs.items()}
        if token:
            values["Token"] = token
        inner = ", ".join(
            f'{key}="{quote(value, safe="", errors="replace")}"' for key, value in values.items()
        )
        return f"MediaBrowser {inner}"
