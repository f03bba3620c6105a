"""The server versions the simulator can play, and what differs between them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """One server series: the number it announces and the dialect it speaks."""

    series: str
    number: str

    @property
    def rank(self) -> tuple[int, int]:
        """Return the series as a pair that orders: (10, 8) < (10, 11) < (12, 0)."""
        major, minor, *_ = (int(part) for part in self.number.split("."))
        return major, minor

    @property
    def reads_legacy_tokens(self) -> bool:
        """Whether api_key, X-Emby-Token and the /emby prefix are understood."""
        return self.rank < (12, 0)

    @property
    def filters_in_sql(self) -> bool:
        """Whether visibility is checked before paging, so that no page is short."""
        return self.rank >= (12, 0)

    @property
    def has_setup_server(self) -> bool:
        """Whether a small web server answers while the real one is starting."""
        return self.rank >= (10, 11)


VERSIONS = {
    version.series: version
    for version in (
        ServerVersion("10.8", "10.8.13"),
        ServerVersion("10.10", "10.10.7"),
        ServerVersion("10.11", "10.11.11"),
        ServerVersion("12", "12.0.0"),
    )
}
