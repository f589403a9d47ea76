"""What programs read is what docs/evidence.schema.json says, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from releasegate.core import Severity, Verdict
from releasegate.evidence import Folder, Kind, read
from releasegate.plugin.gates import GATES
from releasegate.report import render
from releasegate.report.views import State, Tone

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "evidence.schema.json").read_text("utf-8"))
EVENT = {"$schema": SCHEMA["$schema"], "$ref": "#/$defs/event", "$defs": SCHEMA["$defs"]}


def problems(schema, value) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(schema).iter_errors(value)]


def test_the_schema_is_one():
    """It is valid by its own schema."""
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator.check_schema(EVENT)


@pytest.mark.parametrize("lang", ["en", "pt-BR"])
@pytest.mark.parametrize("name", ["released", "stopped", "rolled_back"])
def test_every_report_is_valid(story, change, name, lang):
    """With findings, waivers, pictures, plots, commands, attestations, in both languages."""
    text = render(read(story(name)), change, GATES, form="json", language=lang)
    assert problems(SCHEMA, json.loads(text)) == []
    assert "base64" not in text


def test_the_report_of_nothing_is_valid(tmp_path, change):
    """A folder without a chain."""
    text = render(read(Folder(tmp_path)), change, GATES, form="json", language="en")
    assert problems(SCHEMA, json.loads(text)) == []


@pytest.mark.parametrize("name", ["released", "stopped", "rolled_back"])
def test_every_line_of_a_chain_is_valid(story, name):
    """$defs/event describes each of them."""
    lines = story(name).events.read_text("utf-8").splitlines()
    assert [found for line in lines for found in problems(EVENT, json.loads(line))] == []
    assert len(lines) > 50


@pytest.mark.parametrize("harm", [{"extra": 1}, {"schema_version": 2}, {"gates": None}, {"headline": {"word": "GO"}}])
def test_anything_else_is_refused(story, change, harm):
    """The schema can fail."""
    content = json.loads(render(read(story("released")), change, GATES, form="json", language="en"))
    assert problems(SCHEMA, content | harm)
    event = json.loads(story("released").events.read_text("utf-8").splitlines()[0])
    assert problems(EVENT, event | {"extra": 1})
    assert problems(EVENT, event | {"kind": "story"})


@pytest.mark.parametrize("words", [Verdict, Severity, State, Tone])
def test_its_words_are_the_code_s(words):
    """No word of the code is missing in the schema, and none is left over."""
    assert SCHEMA["$defs"][words.__name__.lower()]["enum"] == list(words)


def test_its_kinds_of_event_are_the_code_s():
    """Every kind that a chain may hold."""
    assert SCHEMA["$defs"]["event"]["properties"]["kind"]["enum"] == list(Kind)
