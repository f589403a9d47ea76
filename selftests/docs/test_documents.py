"""What the documents say against what is there: commands, options, gates, exit codes, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from releasegate.cli import gate as command_line
from releasegate.core import ExitCode
from releasegate.plugin import options
from releasegate.plugin.gates import BY_MARKER, GATES
from releasegate.target.loading import load as load_target

PROJECT = Path(__file__).parents[2]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
_FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_OF_THE_REFERENCE = {"up", "advance", "arrive", "break", "mend", "faults", "down", "start", "stop", "restart"}
_PYTEST = {"-n", "-k", "-x", "-q", "-v", "-vv", "-m", "-s", "--junitxml", "--html", "-p", "--help", "-h", "--co"}


def spoken(text: str) -> list[str]:
    """Return every command line of ours that a document shows, in a block or within a sentence."""
    shown = [line.strip() for block in _FENCE.findall(text) for line in block.splitlines()]
    shown += [" ".join(line.split()) for line in _INLINE.findall(_FENCE.sub("", text))]
    return [line.removeprefix("$ ") for line in shown if re.match(r"(\$ )?\./gate( |$)", line)]


def commands() -> list[tuple[str, str]]:
    return [
        (path.relative_to(PROJECT).as_posix(), line) for path in DOCUMENTS for line in spoken(path.read_text("utf-8"))
    ]


def options_of(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts} | {"-h", "--help"}


def options_of_a_gate() -> set[str]:
    """Return what our plugin adds to pytest."""
    return set(re.findall(r'addoption\("(--[a-z-]+)"', Path(options.__file__).read_text("utf-8")))


def words_of(line: str) -> list[str]:
    """Return the words of a command as a shell sees them, without comment, brackets of a synopsis, and pipes."""
    line = re.split(r"\s{2,}(?![-\[])|\s#|\s[|;&>]", line)[0]
    return shlex.split(line.replace("[", " ").replace("]", " ").replace("…", " "))


def unknown_words(line: str) -> list[str]:
    """Return what a shown command names and the command line does not know."""
    _, *words = words_of(line)
    if not words or words[0].startswith("-") or words[0] == "COMMAND":
        return [word for word in words[:1] if word.startswith("-") and word not in {"--help", "-h", "--version"}]
    command = command_line.get_command(click.Context(command_line), words[0])
    if command is None:
        return words[:1]
    if words[0] == "reference":
        return [word for word in words[1:2] for name in word.split("|") if name not in _OF_THE_REFERENCE]
    known = options_of(command)
    if words[0] == "run":
        known |= options_of_a_gate() | _PYTEST
    if words[0] == "selftest":
        known |= _PYTEST
    given = words[1 : words.index("--")] if "--" in words else words[1:]
    wrong = [word for word in given if word.startswith("-") and word.partition("=")[0] not in known]
    if words[0] == "run" and len(words) > 1 and words[1].islower() and words[1] not in BY_MARKER:
        wrong.append(words[1])
    return wrong


@pytest.mark.parametrize(("document", "line"), commands() or [("README.md", "")])
def test_every_command_that_is_shown_exists(document, line):
    """Command, gate and options are known to the command line."""
    assert line, "no document shows a single command"
    assert unknown_words(line) == [], f"{document}: {line}"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("./gate run backfil --target t.toml", ["backfil"]),
        ("./gate run backfill --tarket t.toml", ["--tarket"]),
        ("./gate rehearse --target t.toml", ["--target"]),
        ("./gate watsch", ["watsch"]),
        ("./gate reference boot", ["boot"]),
    ],
)
def test_a_wrong_command_would_be_noticed(line, wrong):
    """The test above can fail."""
    assert unknown_words(line) == wrong


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_every_link_leads_somewhere(document):
    """A link to a file names one that is there, and a heading that it has."""
    for link in _LINK.findall(document.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name}: {link}"
        if anchor and path.suffix == ".md":
            assert anchor in headings(path.read_text("utf-8")), f"{document.name}: {link}"


def headings(text: str) -> set[str]:
    """Return the anchors that a page of Markdown offers."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_every_command_is_in_the_readme():
    """What the command line can do, a newcomer can read about."""
    shown = {
        words_of(line)[1] for line in spoken((PROJECT / "README.md").read_text("utf-8")) if len(words_of(line)) > 1
    }
    assert set(command_line.list_commands(click.Context(command_line))) - shown == set()


def test_every_gate_has_its_page_and_its_row():
    """The README's table names the gates in the runbook's order, and each has a page in docs/gates."""
    readme = (PROJECT / "README.md").read_text("utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in readme.splitlines() if line[:3] == "| `"]
    said = [tuple(row) for row in rows if row[0] in BY_MARKER]
    assert said == [(gate.marker, gate.question, ", ".join(gate.requires), gate.runbook) for gate in GATES]
    assert {path.stem for path in (PROJECT / "docs" / "gates").glob("*.md")} == set(BY_MARKER)


def test_the_exit_codes_are_those_of_the_readme():
    """Every number with its meaning, once, and none that does not exist."""
    readme = (PROJECT / "README.md").read_text("utf-8")
    rows = [int(number) for number in re.findall(r"^\| `?(\d)`? +\|", readme, re.MULTILINE)]
    assert rows == [int(code) for code in ExitCode]


def test_the_example_target_can_be_read():
    """The file that the documents send people to is a target."""
    assert load_target(PROJECT / "targets" / "example.toml").target.name
