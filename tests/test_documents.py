"""What code, tests and documents cite exists in `docs/`."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PYTHON = sorted(
    path
    for folder in ("msd", "tests", "scripts", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
MARKDOWN = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
XML = sorted((ROOT / "dbus").glob("*.xml"))

CITED_CODES = re.compile(
    r"\(((?:[SYKAIOWEF]\d{1,2}[a-z]?)(?:[,;] (?:[SYKAIOWEF]\d{1,2}[a-z]?))*)\)"
)
CODE = re.compile(r"[A-Z]\d{1,2}[a-z]?")
CITED_DOCUMENT = re.compile(r"docs/([\w/-]+\.md)(?:, ([A-Z][\w' -]*))?")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#([\w-]+))?\)")
# Documents that are not in the repository, and their section numbers.
STRANGE_REFERENCE = re.compile(
    r"§|\b(?:CONTRACT(?:\.md)?|platform\.md|performance\.md|peers\.md|style\.md|names\.md|anchors\.md)\b"
    r"|\b[Bb]ehaviour [A-Z]\d"
)


def headings(path: Path) -> list[str]:
    return re.findall(r"^#+ +(.+?) *$", path.read_text(), re.MULTILINE)


@cache
def prose_of(path: Path) -> list[tuple[int, str]]:
    """Return each docstring and each comment of a Python file with its line."""
    return [(line, " ".join(prose.split())) for line, prose in _prose(path)]


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    text = path.read_text()
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and (docstring := ast.get_docstring(node)):
            yield node.body[0].lineno, docstring
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def cited_in_prose(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for path in PYTHON:
        if path == Path(__file__):
            continue
        for line, prose in prose_of(path):
            for match in pattern.finditer(prose):
                yield f"{path.relative_to(ROOT)}:{line}", match
    for path in [*MARKDOWN, *XML]:
        for match in pattern.finditer(path.read_text()):
            yield str(path.relative_to(ROOT)), match


def test_every_rule_that_is_cited_has_a_heading() -> None:
    """A rule code in brackets leads to a heading of docs/behaviour.md."""
    rules = {heading.split(": ")[0] for heading in headings(DOCS / "behaviour.md")}

    dead = {
        f"{place}: {code}"
        for place, match in cited_in_prose(CITED_CODES)
        for code in CODE.findall(match[1])
        if code not in rules
    }

    assert sorted(dead) == []


def test_every_document_that_is_cited_exists() -> None:
    """A file of docs/ is cited by its path, and its section by the words of the heading."""
    dead = []
    for place, match in cited_in_prose(CITED_DOCUMENT):
        document = DOCS / match[1]
        sections = headings(document) if document.is_file() else []
        if not sections or (
            match[2] and not any(match[2].startswith(h) or h.startswith(match[2]) for h in sections)
        ):
            dead.append(f"{place}: {match[0]}")

    assert dead == []


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(path: Path) -> None:
    """Each link between the documents has a target."""
    dead = []
    for target, anchor in LINK.findall(path.read_text()):
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (path.parent / target).resolve()
        anchors = (
            {anchor_of(h) for h in headings(file)}
            if file.suffix == ".md" and file.is_file()
            else set()
        )
        if not file.exists() or (anchor and anchor not in anchors):
            dead.append(f"{target}#{anchor}" if anchor else target)

    assert dead == []


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_nothing_cites_what_is_not_here() -> None:
    """No comment or docstring leads to a document or a section number outside the repository."""
    found = [f"{place}: {match[0]}" for place, match in cited_in_prose(STRANGE_REFERENCE)]

    assert found == []


def test_the_glossary_is_short() -> None:
    """One word, one meaning; at most 60 words."""
    rows = re.findall(r"^\| ([^|]+?) +\|", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    words = [row for row in rows if row != "word"]

    assert len(words) <= 60
    assert len(words) == len(set(words))


def test_documents_are_tracked() -> None:
    """What is linked is part of the repository."""
    tracked = subprocess.run(
        ["git", "ls-files", "docs"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")

    assert {"docs/behaviour.md", "docs/glossary.md", "docs/decisions.md"} <= set(
        tracked.stdout.split()
    )
