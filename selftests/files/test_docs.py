"""docs/change-file.md and docs/target-file.md say what the models say."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import pytest

from releasegate.change.models import Change
from releasegate.change.reading import READABLE
from releasegate.files import Promise
from releasegate.files.shape import hints, is_model, parts
from releasegate.target.models import LOCATORS, Target

NOT_SET = "\N{EN DASH}"
DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\| `([^`]+)` \|.*\| (.+?) \|$", re.MULTILINE)
FIRST = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
NAMED = re.compile(r"\[\[?([a-z_.]+)\]\]?")


@functools.cache
def sections() -> dict[str, str]:
    """Return the text below each table's heading of docs/change-file.md; "" is the file as a whole."""
    text = (DOCS / "change-file.md").read_text("utf-8")
    found = {}
    for section in text.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        found |= dict.fromkeys([""] if heading == "The file" else NAMED.findall(heading), body)
    return found


def tables(model, place=()):
    """Yield every table of the change file with its model."""
    yield ".".join(place), model
    for key, hint in hints(model).items():
        for table in {part for part in parts(hint) if is_model(part)}:
            yield from tables(table, (*place, key))


def below(heading: str) -> str:
    """Return the text below a heading of docs/target-file.md."""
    return (DOCS / "target-file.md").read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("place", "model"), list(tables(Change)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_table_of_the_change_file_is_described(place, model):
    """Every key in the model's order, with its default; `source` is said once, at the top."""
    body = sections()[place]
    documented = dict(ROW.findall(body))
    assert list(documented) == [key for key in hints(model) if key != "source"]
    assert ("*Promise" in body) == issubclass(model, Promise)
    for key, shown in documented.items():
        field = next(field for name, field in model.model_fields.items() if key in (name, field.alias))
        assert shown in accepted(field), f"{place}.{key}"


def accepted(field) -> list[str]:
    """Return what the last column may say of a field."""
    if field.is_required():
        return ["required"]
    if field.default in (None, (), {}, "") or is_model(type(field.default)):
        return [NOT_SET, "found by its usual name"]
    return [f"`{json.dumps(field.default)}`", "the usual places", "the usual names"]


def test_no_table_is_described_that_is_not_there():
    """What was renamed does not linger."""
    assert set(sections()) == {place for place, _ in tables(Change)}


def test_the_target_file_s_sections_are_described():
    """In the order of the file."""
    assert FIRST.findall(below("Sections")) == list(hints(Target))


def test_the_locators_are_described():
    """All that the browser gates look for."""
    assert tuple(FIRST.findall(below("Locators"))) == LOCATORS


def test_what_a_target_may_read_differently_is_described():
    """Table by table and key by key."""
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", below("Reading"), re.MULTILINE)
    assert {table: tuple(re.findall(r"`([^`]+)`", keys)) for table, keys in rows} == READABLE
