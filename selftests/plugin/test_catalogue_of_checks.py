"""A box of the checklist rests on a check that there is: any other would stay empty for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasegate.change.models import Change
from releasegate.core import UsageError
from releasegate.plugin.catalogue import declared, require_known

PROJECT = Path(__file__).parents[2]


def change(gate="backup", *checks):
    text = {"en": "Saved", "pt-BR": "Salvo"}
    item = {"id": "saved", "gate": gate, "text": text, "checks": list(checks), "source": "s"}
    return Change.model_validate({"id": "A-1", "title": text, "document": "d.md", "checklist": [item]})


@pytest.mark.parametrize(
    ("gate", "check", "told"),
    [
        (
            "backup",
            "backup/dump-exist",
            "check 'backup/dump-exist' (of saved) is no check; did you mean backup/dump-exists",
        ),
        ("backup", "backup/no-such", "check 'backup/no-such' (of saved) is no check; accepted: backup/clock, backup/"),
        (
            "backup",
            "restoring/qq",
            "check 'restoring/qq' (of saved) is no check; accepted: a check of preflight, backup, ",
        ),
        ("bakup", "backup/dump-exists", "gate 'bakup' (of saved) is no gate; accepted: preflight, backup, "),
    ],
)
def test_a_box_of_no_check_is_a_usage_error(gate, check, told):
    """It says what was given, which box has it, and what is near or accepted."""
    with pytest.raises(UsageError) as error:
        require_known(change(gate, check, "backup/dump-exists"), Path("c.toml"), PROJECT)
    assert str(error.value).startswith(f"c.toml: checklist: {told}"), str(error.value)
    assert "\n" not in str(error.value)


def test_a_box_of_a_check_or_of_one_of_its_parts_is_taken(tmp_path):
    """A check that is made once for each endpoint may be named with it; nothing is known of a folder without gates."""
    require_known(change("backup", "backup/dump-exists", "perf/below-limit.messages"), Path("c.toml"), PROJECT)
    require_known(change("backup", "backup/no-such"), Path("c.toml"), tmp_path)
    assert "backfill/every-row" in declared(PROJECT)


def test_a_gate_refuses_such_a_change_file(gates):
    """Before anything is measured, with the exit code of wrong use."""
    gates.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n")
    box = '[[checklist]]\nid = "x"\ngate = "backup"\ntext = {en = "x", pt-BR = "x"}\nchecks = ["backup/no-such"]\n'
    gates.change.write_text(gates.change.read_text("utf-8") + box + 'source = "s"\n', "utf-8")
    ran = gates.run("-m", "preflight")
    assert (ran.code, "check 'backup/no-such' (of x) is no check" in ran.output) == (4, True), ran.output
