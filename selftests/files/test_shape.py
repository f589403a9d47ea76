"""The shape of a file: its keys, what they hold, and every text in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from releasegate.files import Model, Place
from releasegate.files.shape import hint_at, keys_at, map_texts, parts, show_key

Here = Annotated[str, Place(on_host=False)]


class Inner(Model):
    """A table in another."""

    where: Here | None = None
    word: str = ""


class Outer(Model):
    """A file with tables in every way."""

    db: Inner | None = Field(default=None, alias="schema")
    rows: tuple[Inner, ...] = ()
    named: dict[str, Inner] = {}
    secret: SecretStr | None = None
    free: dict[str, object] = {}


def test_a_table_s_keys_are_the_words_of_the_file():
    """An alias is what the file says; the attribute's name is not."""
    assert keys_at(Outer, ()) == ["free", "named", "rows", "schema", "secret"]
    assert keys_at(Outer, ("db",)) == []


def test_a_place_leads_through_tables_lists_and_names():
    """Optional tables, lists and tables by name all lead to the inner table."""
    for place in (("schema",), ("rows", 3), ("named", "anything")):
        assert keys_at(Outer, place) == ["where", "word"]
    assert hint_at(Outer, ("rows", 0, "nowhere")) is None
    assert hint_at(Outer, ("rows", "not a number")) is None


def test_a_mark_is_found_behind_an_optional():
    """What a key is marked with is among the parts of its hint."""
    assert Place(on_host=False) in parts(hint_at(Outer, ("rows", 0, "where")))
    assert SecretStr in parts(hint_at(Outer, ("secret",)))


def test_every_text_is_given_away_with_its_place():
    """Texts of known keys are replaced, wherever they stand; those of unknown keys and other values stay."""
    data = {"schema": {"word": "a"}, "rows": [{"word": "b", "odd": "c"}], "named": {"x": {"word": "d"}}, "secret": 5}
    seen = {}

    def replace(place, hint, text):
        seen[show_key(place)] = (text, hint is str)
        return text.upper()

    mapped = map_texts(Outer, data, replace)
    assert seen == {"schema.word": ("a", True), "rows[0].word": ("b", True), "named.x.word": ("d", True)}
    assert mapped["rows"] == [{"word": "B", "odd": "c"}]
    assert mapped["secret"] == 5
