"""A change file that begins with another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasegate import change as changes
from releasegate.core import UsageError

FEAT = Path(__file__).parents[2] / "changes" / "feat-2025-20251103111429.toml"


@pytest.fixture
def extended(tmp_path):
    """Return a function that writes a file which extends the release's, and loads it."""

    def load(text: str, name: str = "child.toml", extends: object = FEAT):
        path = tmp_path / name
        path.write_text(f'extends = "{extends}"\n{text}', "utf-8")
        return changes.load(path)

    return load


def refusal(load, *arguments, **named) -> str:
    with pytest.raises(UsageError) as error:
        load(*arguments, **named)
    return str(error.value)


def test_an_empty_file_says_the_same(extended):
    """Only the hash and the list of files are others."""
    parent, child = changes.load(FEAT), extended("")
    assert child.change.model_copy(update={"extends": None}) == parent.change
    assert [path.name for path in child.paths] == [FEAT.name, "child.toml"]
    assert child.sha256 != parent.sha256


def test_the_hash_is_over_every_file(extended, tmp_path):
    """A verdict is bound to what the parent says too."""
    parent = tmp_path / "parent.toml"
    parent.write_bytes(FEAT.read_bytes())
    before = extended("", extends="parent.toml")
    parent.write_bytes(FEAT.read_bytes() + b"# a word\n")
    assert extended("", extends="parent.toml").sha256 != before.sha256


def test_an_entry_with_the_same_identity_is_added_to(extended):
    """The type stays the runbook's promise, the default is the child's, and both are named."""
    text = (
        '[[schema.columns]]\ntable = "messages"\nname = "attachments"\ndefault = "\'[]\'::jsonb"\nsource = "note 7"\n'
    )  # fmt: skip
    first, second = extended(text).change.db.columns
    assert (second.type, second.default, second.source) == ("jsonb", "'[]'::jsonb", "runbook 3.2; note 7")
    assert first.source == "runbook 3.2"


def test_a_new_entry_is_added_at_the_end(extended):
    """Another column, another foreign key."""
    text = (
        '[[schema.columns]]\ntable = "messages"\nname = "extra"\ntype = "text"\nsource = "note 7"\n'
        '[[schema.foreign_keys]]\ntable = "messages"\ncolumn = "replied_to_message_id"\n'
        'references_table = "messages"\nsource = "note 7"\n'
    )  # fmt: skip
    schema = extended(text).change.db
    assert [column.name for column in schema.columns] == ["replied_to_message_id", "attachments", "extra"]
    assert [key.source for key in schema.foreign_keys] == ["note 7"]


def test_entries_without_identity_are_added(extended):
    """Fields, cases and statements."""
    text = (
        '[[backfill.required]]\nat = ["/0/id"]\nsource = "note 7"\n'
        '[[rollback]]\nkind = "data"\nsql = "SELECT 1"\nsource = "n"\n'
    )
    change = extended(text).change
    assert [field.at for field in change.backfill.required] == [("/0/id",)]
    assert [statement.source for statement in change.rollback] == ["runbook emergency rollback", "n"]
    assert change.backfill.source == "runbook 4.4, 4.5"


def test_a_value_is_replaced_with_its_source(extended):
    """What the child says instead is nobody's promise but the child's."""
    latency = extended('[latency]\nlimit_ms = 300\nsource = "contract 4"\n').change.latency
    assert (latency.limit_ms, latency.percentile, latency.source) == (300, 95, "contract 4")


def test_a_changed_promise_needs_a_source_of_its_own(extended, tmp_path):
    """Or the runbook would be quoted for what it does not say."""
    said = refusal(extended, "[latency]\nlimit_ms = 300\n[api.conversations]\nwithout_token = [401]\n")
    missing = "is missing; who says more than {} promises says who promises it"
    assert said.replace(f"{tmp_path / 'child.toml'}: ", "").splitlines() == [
        "latency.source: " + missing.format("'runbook 6.5'"),
        "api.conversations.source: " + missing.format("'runbook 2.5'"),
    ]


def test_a_wrong_key_is_of_the_file_that_has_it(extended, tmp_path):
    """The child's own mistake is not shown as the parent's, and a parent's not as the child's."""
    said = refusal(extended, "[latncy]\nlimit_ms = 3\n")
    assert said.startswith(
        f"{tmp_path / 'child.toml'}: latncy: unknown key (did you mean 'latency'?); accepted here: api,"
    )
    (tmp_path / "parent.toml").write_text("[latency]\nlimit = 3\n", "utf-8")
    said = refusal(extended, "", extends="parent.toml")
    assert said.startswith(f"{tmp_path / 'parent.toml'}: latency.limit: unknown key (did you mean 'limit_ms'?)")


def test_the_root_may_be_incomplete(extended, tmp_path):
    """What is still missing in the end is missing in the file that was named."""
    (tmp_path / "parent.toml").write_text('document = "d.md"\n', "utf-8")
    said = refusal(extended, 'id = "A"\n', extends="parent.toml")
    assert said == f"{tmp_path / 'child.toml'}: title: is missing; it must be given"


def test_a_parent_that_is_not_there_is_named_with_who_asks_for_it(extended, tmp_path):
    """Both paths are in the message."""
    said = refusal(extended, "", extends="gone.toml")
    assert said == (
        f"{tmp_path / 'child.toml'}: extends: {tmp_path / 'gone.toml'}: cannot be read: No such file or directory; "
        "give the path of a TOML file"
    )


def test_a_circle_is_refused(extended, tmp_path):
    """The way round is shown."""
    (tmp_path / "other.toml").write_text('extends = "child.toml"\n', "utf-8")
    said = refusal(extended, "", extends="other.toml")
    assert said == (
        f"{tmp_path / 'other.toml'}: extends: child.toml -> other.toml -> child.toml is a circle; a change file "
        "ends in one that extends none"
    )


def test_extends_is_a_path(tmp_path):
    """A list of parents is not accepted."""
    path = tmp_path / "c.toml"
    path.write_text("extends = ['a']\n", "utf-8")
    assert refusal(changes.load, path) == (
        f"{path}: extends: ['a'] was given; accepted: the path of a change file, in quotes"
    )  # fmt: skip
