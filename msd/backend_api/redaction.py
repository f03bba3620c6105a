"""Take secrets out of text that is about to be written down (K1)."""

import re

_SHOWN = "***"
_NAMES = r"api_?key|(?:x-[a-z]+-)?(?:access_?|auth_?)?token|password|passwd|pw|secret"
_PATTERNS = (
    # name=value, name="value", name: value, "name": "value"; of quoted values, the whole
    re.compile(
        rf'(?i)(\b(?:{_NAMES})\b["\']?\s*[=:]\s*)("(?:[^"\\]|\\.)*"|\'[^\']*\'|[^\s&,;"\']+)'
    ),
    re.compile(r"(?i)(\bauthorization\b[\"']?\s*[=:]\s*[\"']?(?:bearer|basic)\s+)([^\s\"',]+)"),
    re.compile(r"(\w+://)([^\s/@]+)(?=@)"),
)


def redact(text: str) -> str:
    """Return the text with the values of tokens, keys and passwords replaced."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{_SHOWN}", text)
    return text
