"""Both languages are complete: nothing on the Portuguese page is English but what was recorded so."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.extract import extract
from jinja2.ext import babel_extract

from releasegate import report
from releasegate.evidence.ways_back import SENTENCES
from releasegate.plugin.gates import GATES
from releasegate.report import gates as report_gates
from releasegate.report.languages import language, read_catalog
from releasegate.report.page import LABELS
from releasegate.report.views import State
from releasegate.report.ways_back import TITLES

SOURCE = Path(report.__file__).parent
CATALOG = read_catalog(SOURCE / "languages" / "pt_BR.po")


def in_templates() -> set[str]:
    found = set()
    for path in SOURCE.rglob("*.html"):
        with path.open("rb") as file:
            messages = babel_extract(file, ["t"], [], {"trim_blocks": "true", "silent": "false"})
            found |= {text for _, _, message, _ in messages if (text := first(message))}
    return found


def in_code() -> set[str]:
    found = set()
    for path in SOURCE.rglob("*.py"):
        with path.open("rb") as file:
            messages = extract("python", file, keywords={"t": None, "_say": None})
            found |= {first(message) for _, message, _, _ in messages}
    return found


def first(message) -> str:
    return message if isinstance(message, str) else next((part for part in message or () if part), "")


def by_name() -> set[str]:
    """Return what is translated by a value: states, labels, why a box is empty, ways back, questions and steps."""
    gates = {text for gate in GATES for text in (gate.question, gate.runbook)}
    back = {*SENTENCES, *TITLES.values()}
    return gates | back | set(map(str, State)) | set(LABELS) | set(report_gates.WHY_EMPTY)


EVERYTHING = sorted(in_templates() | in_code() | by_name())


def test_the_sources_are_really_read():
    """The extraction finds sentences in templates, in code, and those chosen by a value."""
    assert "What is wrong" in in_templates()
    assert "No gate has been run." in in_code()
    assert len(EVERYTHING) > 90


@pytest.mark.parametrize("message", EVERYTHING)
def test_every_sentence_is_there_in_portuguese(message):
    """Every msgid of the source has a translation with the same places to fill."""
    translated = CATALOG.get(message)
    assert translated
    assert places(translated) == places(message)


def test_no_translation_is_left_over():
    """The catalog holds nothing that the report no longer says."""
    assert sorted(set(CATALOG) - set(EVERYTHING)) == []


def test_english_is_the_source():
    """English needs no catalog."""
    assert language("en").t("{shown} of {all} are shown", shown=1, all=2) == "1 of 2 are shown"
    assert language("pt-BR").t("{shown} of {all} are shown", shown=1, all=2) == "1 de 2 são mostrados"


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
