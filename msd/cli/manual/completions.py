"""Completions of msdctl for bash, zsh and fish, made from its own parsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli import catalog
from msd.cli.command_line import every_parser

if TYPE_CHECKING:
    import argparse

# What an argument stands for, by its METAVAR: a command whose JSON rows have a `name`.
_LISTED = {"SOURCE": "sources", "LIBRARY": "libraries", "ACCOUNT": "accounts"}

_BASH = """\
# bash completion of msdctl; made by `msdctl setup`
_msdctl() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} command='' index
    for ((index = 1; index < COMP_CWORD; index++)); do
        [[ ${{COMP_WORDS[index]}} == -* ]] || {{ command=${{COMP_WORDS[index]}}; break; }}
    done
    local words=''
    case $command in
        '') words='--json --help --version {commands}' ;;
{cases}
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    case $command in
{dynamic}
    esac
}}
_msdctl_names() {{
    local name
    while IFS= read -r name; do
        [[ $name == "$word"* ]] && COMPREPLY+=("$(printf '%q' "$name")")
    done < <(msdctl --json "$1" 2>/dev/null | sed -n 's/^ *"name": "\\(.*\\)",\\{{0,1\\}}$/\\1/p')
}}
complete -o default -F _msdctl msdctl
"""
_ZSH = """\
#compdef msdctl
# zsh completion of msdctl; made by `msdctl setup`
_msdctl_names() {{
    local -a names
    local line='s/^ *"name": "\\(.*\\)",\\{{0,1\\}}$/\\1/p'
    names=(${{(f)"$(msdctl --json $1 2>/dev/null | sed -n $line)"}})
    compadd -a names
}}
_msdctl() {{
    local -a commands
    commands=(
{commands}
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    case $words[2] in
{cases}
    esac
}}
_msdctl "$@"
"""


def completions() -> dict[str, str]:
    """Return the completion of each shell by its name: bash, zsh, fish."""
    parsers = every_parser()
    return {"bash": _bash(parsers), "zsh": _zsh(parsers), "fish": _fish(parsers)}


def _bash(parsers: dict[str, argparse.ArgumentParser]) -> str:
    names = {alias: catalog.ALIASES.get(alias, alias) for alias in (*parsers, *catalog.ALIASES)}
    cases = "\n".join(
        f"        {name}) words='{' '.join(_options(parsers[command]))}' ;;"
        for name, command in names.items()
    )
    dynamic = "\n".join(
        f"        {name}) [[ $word == -* ]] || _msdctl_names {listed} ;;"
        for name, command in names.items()
        if (listed := _listed(parsers[command]))
    )
    return _BASH.format(commands=" ".join(parsers), cases=cases, dynamic=dynamic)


def _zsh(parsers: dict[str, argparse.ArgumentParser]) -> str:
    commands = "\n".join(
        f"        '{command.name}:{_quoted(command.summary)}'" for command in catalog.commands()
    )
    cases = []
    for name, parser in parsers.items():
        listed = _listed(parser)
        rest = f"'*:{listed}:_msdctl_names {listed}'" if listed else "'*:file:_files'"
        options = " ".join(f"'{option}'" for option in _options(parser))
        cases.append(f"        {name}) _arguments {options} {rest} ;;")
    return _ZSH.format(commands=commands, cases="\n".join(cases))


def _fish(parsers: dict[str, argparse.ArgumentParser]) -> str:
    lines = ["# fish completion of msdctl; made by `msdctl setup`"]
    for command in catalog.commands():
        summary = _quoted(command.summary)
        lines.append(
            f"complete -c msdctl -n __fish_use_subcommand -f -a {command.name} -d '{summary}'"
        )
    for name, parser in parsers.items():
        seen = f"-n '__fish_seen_subcommand_from {name}'"
        lines += [
            f"complete -c msdctl {seen} -l {option[2:]}"
            for option in _options(parser)
            if option.startswith("--")
        ]
        listed = _listed(parser)
        if listed:
            read = f'(msdctl --json {listed} 2>/dev/null | string match -r -g \'"name": "(.*)"\')'
            lines.append(f'complete -c msdctl {seen} -f -a "{read}"')
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    """Return a text as it stands between single quotes, in each of the shells."""
    return text.replace("'", "")


def _options(parser: argparse.ArgumentParser) -> list[str]:
    actions = parser._actions  # noqa: SLF001 - argparse has no public list of them
    return [option for action in actions for option in action.option_strings]


def _listed(parser: argparse.ArgumentParser) -> str:
    """Return the command that lists what the first plain argument may be; maybe nothing."""
    for action in parser._actions:  # noqa: SLF001 - as above
        if not action.option_strings:
            return _LISTED.get(str(action.metavar), "")
    return ""
