"""The HTML documentation of the bus: one page, no scripts, readable without a network."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from msd import __version__
from msd.cli.manual.interfaces import KEY
from msd.cli.manual.man import member_signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from msd.cli.manual.interfaces import Block, Interface, Member

_STYLE = """\
body { font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; }
code, dt { font-family: monospace; } dt { margin-top: .5em; }
h2 { border-bottom: 1px solid #999; margin-top: 3em; } h3 { margin-top: 2em; }
@media (prefers-color-scheme: dark) {
  body { background: #181818; color: #ddd; } a { color: #8bf; }
}
"""
_CODE = re.compile(r"`([^`]+)`")


def bus_page(interfaces: Iterable[Interface]) -> str:
    """Return the documentation of every interface as one HTML page."""
    shown = list(interfaces)
    links = "".join(
        f'<li><a href="#{interface.name}"><code>{interface.name}</code></a> '
        f"{_text(interface.summary)}</li>"
        for interface in shown
    )
    body = "\n".join(line for interface in shown for line in _interface(interface))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"<title>org.msd.Msd1, the D-Bus interfaces of msd</title>\n"
        f"<style>\n{_STYLE}</style></head><body>\n"
        f"<h1>org.msd.Msd1</h1>\n<p>The D-Bus interfaces of msd {escape(__version__)}.</p>\n"
        f"<ul>{links}</ul>\n{body}\n</body></html>\n"
    )


def _interface(interface: Interface) -> Iterator[str]:
    yield f'<h2 id="{interface.name}"><code>{interface.name}</code></h2>'
    yield f"<p><strong>{_text(interface.summary)}</strong></p>"
    yield from (_block(block) for block in interface.blocks)
    for member in interface.members:
        yield from _member(interface, member)


def _member(interface: Interface, member: Member) -> Iterator[str]:
    yield f'<h3 id="{interface.name}.{member.name}">{member.role} <code>{member.name}</code></h3>'
    yield f"<p><code>{escape(member_signature(member))}</code></p>"
    if member.arguments:
        yield "<dl>"
        for argument in member.arguments:
            yield f"<dt>{argument.name} <code>{escape(argument.signature)}</code></dt>"
            yield f"<dd>{_text(argument.text)}</dd>"
        yield "</dl>"
    yield from (_block(block) for block in member.blocks)


def _block(block: Block) -> str:
    if isinstance(block, str):
        return f"<p>{_text(block)}</p>"
    entries = (KEY.sub(r"`\1` (\2) ", entry) for entry in block)
    return "<ul>" + "".join(f"<li>{_text(entry)}</li>" for entry in entries) + "</ul>"


def _text(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))
