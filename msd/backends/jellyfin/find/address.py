"""From what a user types to the base addresses worth trying, best first."""

import re
from urllib.parse import quote, urlsplit

from msd.backend_api.host import is_ip_literal
from msd.errors import InvalidArgumentError

_LONGEST = 2048
_DEFAULT_PORT = {"https": 443, "http": 80}
# The order of the official clients: encrypted before plain, default ports before Jellyfin's own.
_CANDIDATE_PORTS = (
    ("https", 443),
    ("http", 80),
    ("http", 8096),
    ("https", 8096),
    ("https", 8920),
)
_WEB_CLIENT = re.compile(r"(?i)/web(/(index\.html)?)?$")
_HOST = re.compile(r"[^\s/?#@\\:%\[\]<>\"'`{}|^]{1,253}")


def candidates(text: str) -> tuple[str, ...]:
    """Return the base addresses to try for what a user typed, the best first.

    A scheme or port that was typed is kept; a page of the web client stands for its server.

    Raises:
        InvalidArgumentError: it can't be the address of a server.
    """
    scheme, host, port, path = _parts(text)
    return tuple(
        f"{candidate_scheme}://{host}"
        + ("" if candidate_port == _DEFAULT_PORT[candidate_scheme] else f":{candidate_port}")
        + path
        for candidate_scheme, candidate_port in _endpoints(scheme, port)
    )


def without_web_client(url: str) -> str:
    """Return a base address from the address of a page: no query, fragment, `/web/`, or slash."""
    base = url.partition("#")[0].partition("?")[0].rstrip("/")
    return _WEB_CLIENT.sub("", base).rstrip("/")


def _endpoints(scheme: str, port: int | None) -> tuple[tuple[str, int], ...]:
    if scheme and port:
        return ((scheme, port),)
    if port:
        return (("https", port), ("http", port))
    return tuple(pair for pair in _CANDIDATE_PORTS if scheme in {"", pair[0]})


def _parts(text: str) -> tuple[str, str, int | None, str]:
    """Scheme ("" when not typed), host as it stands in a URL, port, path without end slash."""
    typed = text.strip()
    if not typed or len(typed) > _LONGEST or not typed.isprintable():
        raise InvalidArgumentError("give the address of the server, like host or https://host:8920")
    if is_ip_literal(typed) and ":" in typed:
        typed = f"[{typed}]"
    scheme, separator, rest = typed.partition("://")
    if not separator:
        scheme, rest = "", typed
    if scheme.lower() not in {"", "http", "https"}:
        raise InvalidArgumentError("the address of a Jellyfin server begins with http or https")
    try:
        split = urlsplit(f"//{without_web_client(rest)}")
        host, port = split.hostname or "", split.port
    except ValueError:
        raise InvalidArgumentError("the address has an impossible host or port") from None
    if "@" in split.netloc:
        raise InvalidArgumentError("the address must not hold a user name or password")
    return scheme.lower(), _host(host), _port(port), _path(split.path)


def _host(host: str) -> str:
    if is_ip_literal(host) and ":" in host:
        return f"[{host}]"
    if _HOST.fullmatch(host) is None:
        raise InvalidArgumentError("the address has no possible host name")
    return host


def _port(port: int | None) -> int | None:
    if port == 0:
        raise InvalidArgumentError("the address has an impossible host or port")
    return port


def _path(path: str) -> str:
    segments = [segment for segment in path.split("/") if segment]
    if any(segment in {".", ".."} for segment in segments):
        raise InvalidArgumentError("the path of the address must be a plain one")
    return "".join(f"/{quote(segment, safe='%!$&()*+,;=:@~')}" for segment in segments)
