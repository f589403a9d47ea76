"""targets/example.toml, which is the list of every key of a target file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from releasegate import target as targets
from releasegate.files.shape import hints, is_model, parts
from releasegate.target.models import Target

EXAMPLE = Path(__file__).parents[2] / "targets" / "example.toml"
COMMENTED = re.compile(r"^# (?=\[|[a-z_.]+ = )", re.MULTILINE)


TABLES_BY_NAME = (("locators",), ("frontend", "steps"))


def uncommented() -> str:
    """Return the example with every key set."""
    return COMMENTED.sub("", EXAMPLE.read_text("utf-8"))


def keys_of_model(model, place=()):
    """Yield every key that a target file may hold, as a dotted path without numbers and chosen names."""
    for key, hint in hints(model).items():
        yield ".".join((*place, key))
        for table in {part for part in parts(hint) if is_model(part)}:
            yield from keys_of_model(table, (*place, key))


def keys_of_file(data, place=()):
    """Yield every key of a file in the same words."""
    if isinstance(data, list):
        for entry in data:
            yield from keys_of_file(entry, place)
    elif isinstance(data, dict):
        for key, value in data.items():
            here = (*place, key)
            yield ".".join(here)
            inner = list(value.values()) if here in TABLES_BY_NAME else value
            yield from keys_of_file(inner, here)


def test_the_example_loads_as_it_is():
    """A newcomer's copy is a target."""
    assert targets.load(EXAMPLE).target.name == "staging"


def test_the_example_loads_with_every_key_set(tmp_path, monkeypatch):
    """What stands behind each mark is valid."""
    path = tmp_path / "all.toml"
    path.write_text(uncommented(), "utf-8")
    token = tmp_path / "api-token"
    token.write_text("t0ken-of-the-example\n", "utf-8")
    token.chmod(0o600)
    secrets = (
        "DB_PASSWORD",
        "API_PASSWORD",
        "PAGE_PASSWORD",
        "PAGE_TOKEN",
        "ACCOUNT_ID",
        "WATCH_HEARTBEAT",
        "SEED_PASSWORD",
    )
    for name in (*secrets, "SCRATCH_DSN"):
        monkeypatch.setenv(name, f"the value of {name}")
    loaded = targets.load(path)
    assert loaded.warnings == ()
    assert loaded.target.database.password.get_secret_value() == "the value of DB_PASSWORD"


def test_every_key_is_in_the_example():
    """A key that the example does not show does not exist for its readers."""
    shown = set(keys_of_file(tomllib.loads(uncommented())))
    known = {key.replace("frontend.steps.find.", "locators.") for key in keys_of_model(Target)}  # the same table
    assert known - shown == set()


@pytest.mark.parametrize("key", ["statement_timeout", "lock_timeout", "gentle", "timeout", "verify_tls", "encoding",
    "email_field", "password_field", "token_at", "header", "scheme", "viewport", "locale", "timezone", "slowest",
    "stop_at_error_share", "preview_length", "schema_version"])  # fmt: skip
def test_a_default_is_shown_as_it_is(key):
    """The value behind the mark is the one that counts without it."""
    tables = {part for _, part in all_tables(Target)}
    shown = dict(all_values(tomllib.loads(uncommented())))
    defaults = [table.model_fields[key].default for table in tables if key in table.model_fields]
    assert tuple_of(shown[key]) in defaults


def all_tables(model):
    yield "", model
    for hint in hints(model).values():
        for table in (part for part in parts(hint) if is_model(part)):
            yield from all_tables(table)


def all_values(data):
    for key, value in data.items():
        yield key, value
        if isinstance(value, dict):
            yield from all_values(value)


def tuple_of(value):
    return tuple(value) if isinstance(value, list) else value
