"""A target that keeps things elsewhere, and one that would like another promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasegate import change as changes
from releasegate.change.reading import READABLE
from releasegate.core import UsageError
from releasegate.files.shape import keys_at

WHERE = Path("t.toml")
FEAT = changes.load(changes.default_path(Path(__file__).parents[2])).change

OURS = "says what must be true, which a target cannot change; it can say how to read: "
WRONG = {
    "a limit": (
        {"latency": {"limit_ms": 900}},
        f"reading.latency: {OURS}api, backfill, interface, logs, release, schema, steps",
    ),
    "a status": ({"api": {"health": {"status": 503}}}, f"reading.api.health.status: {OURS}path, query"),
    "who made it": ({"api": {"health": {"source": "me"}}}, f"reading.api.health.source: {OURS}path, query"),
    "an exit code": (
        {"steps": {"4.3-backfill": {"exit_codes": [1]}}},
        f"reading.steps.4.3-backfill.exit_codes: {OURS}failure, success, warning",
    ),
    "a column": ({"schema": {"columns": []}}, f"reading.schema.columns: {OURS}bookkeeping, files"),
    "a misspelt key": (
        {"api": {"health": {"pth": "/x"}}},
        "reading.api.health.pth: unknown key (did you mean 'path'?); accepted here: path, query",
    ),
    "a misspelt table": (
        {"api": {"helth": {"path": "/x"}}},
        (
            "reading.api.helth: unknown key (did you mean 'health'?); accepted here: conversations, fields, health, "
            "messages, version"
        ),
    ),
    "no table": ({"logs": 3}, "reading.logs: 3 was given; accepted: a table"),
    "a wrong value": (
        {"release": {"commit": 3}},
        'reading.release.commit: 3 was given; accepted: a text, in quotes: "..."',
    ),
    "a wrong pattern": (
        {"interface": {"reply": {"text": "("}}},
        (
            'reading.interface.reply.text: "(" was given; accepted: a regular expression (this one is none: missing ), '
            "unterminated subpattern at position 0)"
        ),
    ),
    "what nobody promises": (
        {"interface": {"deleted_original": {"text": "x"}}},
        "reading.interface.deleted_original: the change promises nothing there, so there is nothing to read",
    ),
    "an unknown step": (
        {"steps": {"4.9": {"success": ["x"]}}},
        "reading.steps.4.9: the change promises nothing there, so there is nothing to read",
    ),
    "a version without a path": (
        {"api": {"version": {"at": ["/x"]}}},
        "reading.api.version.path: is missing; it must be given",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_must_be_true_cannot_be_overridden(case):
    """The message says that, or which keys there are."""
    reading, said = WRONG[case]
    with pytest.raises(UsageError) as error:
        changes.with_reading(FEAT, reading, WHERE)
    assert str(error.value) == f"t.toml: {said}"


def test_all_of_them_are_named_at_once():
    """Nobody mends a file one error at a time."""
    with pytest.raises(UsageError) as error:
        changes.with_reading(FEAT, {"latency": {}, "logs": 3, "release": {"commit": 3}}, WHERE)
    assert len(str(error.value).splitlines()) == 3


def test_how_to_read_is_overridden_and_shown():
    """The change reads as this target says, and every difference is listed."""
    reading = {
        "api": {"conversations": {"path": "/v2/inbox", "query": {"open": "1"}}, "version": {"path": "/version"}},
        "interface": {"fallback": {"text": "Indisponível"}},
        "steps": {"4.3-backfill": {"success": ["pronto"]}},
    }
    read, deviations = changes.with_reading(FEAT, reading, WHERE)
    assert read.api.conversations.path == "/v2/inbox"
    assert read.api.conversations.source == "runbook 2.5"
    assert read.api.version.source == "t.toml [reading]"
    assert read.interface.fallback.text == "Indisponível"
    assert next(step for step in read.steps if step.item == "4.3-backfill").success == ("pronto",)
    assert [str(deviation) for deviation in deviations] == [
        'api.conversations.path: the change file says "/api/messaging/conversations", this target reads "/v2/inbox"',
        'api.conversations.query: the change file says {}, this target reads {"open": "1"}',
        'api.version.path: the change file says nothing, this target reads "/version"',
        'interface.fallback.text: the change file says "Content unavailable", this target reads "Indisponível"',
        (
            'steps.4.3-backfill.success: the change file says ["Migration completed successfully", "Migration '
            'verification PASSED"], this target reads ["pronto"]'
        ),
    ]


def test_the_same_value_is_no_deviation():
    """Nothing is shown that does not differ."""
    read, deviations = changes.with_reading(FEAT, {"api": {"health": {"path": "/health"}}}, WHERE)
    assert (read, deviations) == (FEAT, ())


def test_every_readable_key_is_one_of_the_change_file():
    """The list of what a target may say holds no word that the change file does not know."""
    for table, keys in READABLE.items():
        place = ("steps", 0) if table == "steps.ITEM" else tuple(table.split("."))
        assert set(keys) <= set(keys_at(changes.Change, place)), table
