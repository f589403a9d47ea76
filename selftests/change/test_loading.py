"""Reading change files: the release's, another one, and wrong ones."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from releasegate import change as changes
from releasegate.change.models import Change
from releasegate.core import UsageError
from releasegate.files import validate

PROJECT = Path(__file__).parents[2]
FEAT = PROJECT / "changes" / "feat-2025-20251103111429.toml"
OTHER = Path(__file__).parent / "other.toml"
LEAST = 'id = "A-1"\ndocument = "d.md"\ntitle = { en = "A", "pt-BR" = "A" }\n'


def refusal(path: Path, text: str) -> str:
    """Return why a change file with `text`, after what every one needs, is refused."""
    path.write_text(LEAST + text, "utf-8")
    with pytest.raises(UsageError) as error:
        changes.load(path)
    return str(error.value).replace(f"{path}: ", "")


def test_the_release_is_the_default():
    """The one file in changes/ is the change."""
    assert changes.default_path(PROJECT) == FEAT
    assert changes.load(FEAT).change.id == "FEAT-2025-20251103111429"


def test_several_change_files_are_listed(tmp_path):
    """With more than one somebody must choose."""
    folder = tmp_path / "changes"
    folder.mkdir()
    for name in ("b.toml", "a.toml"):
        (folder / name).touch()
    with pytest.raises(UsageError) as error:
        changes.default_path(tmp_path)
    assert str(error.value) == (
        "--change: there are 2 change files and none was named; give one of: changes/a.toml, changes/b.toml"
    )


def test_no_change_file_is_a_usage_error(tmp_path):
    """The folder that was looked into is named."""
    with pytest.raises(UsageError) as error:
        changes.default_path(tmp_path)
    assert str(error.value) == f"--change: there is no change file in {tmp_path / 'changes'}; give --change FILE"


def test_another_release_loads():
    """Another table, other columns, no page: nothing is known of the first release but the words of the file."""
    other = changes.load(OTHER).change
    assert (other.interface, other.api.messages, other.rollback) == (None, None, ())
    assert other.db.columns[0].default == "'{}'::jsonb"
    assert [line.up_to_rows for line in other.backfill.durations] == [1000, None]


def keys_of(data, place=()):
    """Yield every place of a key in `data`."""
    if isinstance(data, list):
        for number, entry in enumerate(data):
            yield from keys_of(entry, (*place, number))
    elif isinstance(data, dict):
        for key, value in data.items():
            yield (*place, key)
            yield from keys_of(value, (*place, key))


DATA = tomllib.loads(FEAT.read_text("utf-8"))
PLACES = {tuple(part for part in place if isinstance(part, str)): place for place in keys_of(DATA)}


@pytest.mark.parametrize("place", PLACES.values(), ids=lambda place: ".".join(map(str, place)))
@pytest.mark.parametrize("misspell", [lambda key: key + key[-1], lambda key: key[0] + key], ids=["end", "start"])
def test_a_misspelt_key_is_named_with_the_right_one(place, misspell):
    """Any single wrong key of the release's file is a usage error that says where, and what was meant."""
    data = tomllib.loads(FEAT.read_text("utf-8"))
    table = data
    for part in place[:-1]:
        table = table[part]
    right, wrong = place[-1], misspell(place[-1])
    table[wrong] = table.pop(right)
    with pytest.raises(UsageError) as error:
        validate(Change, data, FEAT)
    assert f"{wrong}: unknown key (did you mean '{right}'?)" in str(error.value)


def test_a_promise_names_its_source(tmp_path):
    """What nobody promised cannot be written down."""
    said = refusal(tmp_path / "c.toml", '[release]\ncommit = "A-1"\n')
    assert said == "release.source: is missing; it must be given"


def test_an_item_says_what_shows_that_it_is_done(tmp_path):
    """A box that nothing could tick is refused."""
    text = '[[checklist]]\nid = "x"\ngate = "backup"\ntext = { en = "x", "pt-BR" = "x" }\nsource = "s"\n'
    said = refusal(tmp_path / "c.toml", text)
    assert said == "checklist[0]: nothing shows that it is done; give checks, steps or manual = true"


def test_an_item_s_step_is_one_of_the_steps(tmp_path):
    """A box bound to a command that nobody described is refused."""
    text = (
        '[[steps]]\nitem = "load"\nsource = "s"\n'
        '[[checklist]]\nid = "x"\ngate = "backup"\ntext = { en = "x", "pt-BR" = "x" }\nsteps = ["laod"]\nsource = "s"\n'
    )
    said = refusal(tmp_path / "c.toml", text)
    assert said == "checklist: laod (of x) is no item of [[steps]]; there are: load"


def test_two_boxes_have_two_names(tmp_path):
    """An attestation must say which box it ticks."""
    box = '[[checklist]]\nid = "x"\ngate = "backup"\ntext = { en = "x", "pt-BR" = "x" }\nmanual = true\nsource = "s"\n'
    assert refusal(tmp_path / "c.toml", box + box) == "checklist: x stands there twice"


def test_a_check_s_id_has_a_gate(tmp_path):
    """A word alone is no check."""
    text = (
        '[[checklist]]\nid = "x"\ngate = "backup"\ntext = { en = "x", "pt-BR" = "x" }\nchecks = ["y"]\nsource = "s"\n'
    )
    said = refusal(tmp_path / "c.toml", text)
    assert said == 'checklist[0].checks[0]: "y" was given; accepted: a check\'s id, gate/check: backfill/every-row'


def test_a_case_has_a_column_and_its_values(tmp_path):
    """Half a condition would decide rows that it should not."""
    text = (
        '[backfill]\ntable = "t"\nfrom_column = "a"\nto_column = "b"\nurl = ["/u"]\nsource = "s"\n'
        '[[backfill.types]]\nvalues = ["x"]\ntypes = ["y"]\nsource = "s"\n'
    )
    said = refusal(tmp_path / "c.toml", text)
    assert said == (
        "backfill.types[0]: column and values belong together: the case applies when column holds one of values"
    )


@pytest.mark.parametrize(
    ("listed", "promised", "said"),
    [
        ("public.m", "m", "schema: table m stands in tables as public.m; write it alike in both places"),
        ("m", "app.m", "schema: table app.m stands in tables as m; write it alike in both places"),
        ("app.m", "app.m", None),
        ("app.m", "old.m", None),
        ("app.m", "n", None),
    ],
)
def test_a_table_is_written_alike_in_both_places(tmp_path, listed, promised, said):
    """Else its columns would be looked for in a table that nobody looks at, and be missing."""
    text = (
        f'[schema]\ntables = ["{listed}"]\n'
        f'[[schema.columns]]\ntable = "{promised}"\nname = "c"\ntype = "text"\nsource = "s"\n'
    )
    path = tmp_path / "c.toml"
    if said:
        assert refusal(path, text) == said
        return
    path.write_text(LEAST + text, "utf-8")
    assert changes.load(path).change.db is not None


def test_an_id_names_a_folder(tmp_path):
    """A slash in it would leave the folder of reports."""
    path = tmp_path / "c.toml"
    path.write_text(LEAST.replace("A-1", "../A"), "utf-8")
    with pytest.raises(UsageError) as error:
        changes.load(path)
    assert str(error.value) == (
        f'{path}: id: "../A" was given; accepted: letters, digits and . _ -: it names a folder'
    )  # fmt: skip
