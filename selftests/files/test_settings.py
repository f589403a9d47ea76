"""One order for every setting: option, environment, target file, default."""

from __future__ import annotations

import pytest

from releasegate.core import UsageError
from releasegate.core.settings import choose, from_environment, variable, yes_or_no


def test_the_option_goes_before_everything():
    """What is typed counts, and the message says where it came from."""
    setting = choose("rows", default=1, parse=int, option=4, target=2, environment={"RELEASEGATE_ROWS": "3"})
    assert (setting.value, setting.source, str(setting)) == (4, "--rows", "4 (--rows)")


def test_the_environment_goes_before_the_target_file():
    """A variable is read in the setting's own type."""
    setting = choose("rows", default=1, parse=int, target=2, environment={"RELEASEGATE_ROWS": "3"})
    assert (setting.value, setting.source) == (3, "RELEASEGATE_ROWS")


def test_the_target_file_goes_before_the_default():
    """The key is named."""
    setting = choose("rows", default=1, parse=int, target=2, target_key="load.rows", environment={})
    assert (setting.value, setting.source) == (2, "target file: load.rows")


def test_nothing_given_is_the_default():
    """The default says so."""
    setting = choose("rows", default=1, parse=int, environment={})
    assert (setting.value, setting.source) == (1, "default")


@pytest.mark.parametrize("value", [0, "", False])
def test_zero_the_empty_text_and_false_are_values(value):
    """Only None is not given."""
    assert choose("x", default="default", parse=str, option=value, environment={}).value == value
    assert choose("x", default="default", parse=str, target=value, environment={}).value == value
    assert choose("x", default="default", parse=str, environment={"RELEASEGATE_X": ""}).value == ""


def test_a_variable_that_cannot_be_read_is_a_usage_error():
    """It names the variable, what was given and what is accepted."""
    with pytest.raises(UsageError) as error:
        choose("is-on", default=False, parse=yes_or_no, environment={"RELEASEGATE_IS_ON": "maybe"})
    assert str(error.value) == (
        "RELEASEGATE_IS_ON: 'maybe' was given; accepted: 1, true, yes, on; 0, false, no, off"
    )  # fmt: skip


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("off", False), ("0", False)])
def test_on_and_off_have_several_words(text, value):
    """In any case of letters."""
    assert yes_or_no(text) is value


def test_a_setting_s_variable_is_its_name_in_capitals():
    """With the program's name before it."""
    assert variable("session-file") == "RELEASEGATE_SESSION_FILE"


def test_a_variable_of_a_file_is_none_when_it_is_not_set(monkeypatch):
    """The empty text is a value."""
    monkeypatch.setenv("SOME_WORD", "")
    assert from_environment("SOME_WORD") == ""
    monkeypatch.delenv("SOME_WORD")
    assert from_environment("SOME_WORD") is None
