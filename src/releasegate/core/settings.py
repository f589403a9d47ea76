"""Where a setting's value comes from: option, environment, target file, default, in this order.

The only place that reads the environment. `None` means not given; 0, "" and False are
values like any other.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from releasegate.core.errors import UsageError

T = TypeVar("T")
_PROGRAM = "./gate"  # what the script is called where the environment does not say how it was typed
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A value, and where it was set, in words for a message: `--reports`, `RELEASEGATE_REPORTS`, `default`."""

    value: T
    source: str

    def __str__(self) -> str:
        return f"{self.value} ({self.source})"


def choose(
    name: str,
    *,
    default: T,
    parse: Callable[[str], T],
    option: T | None = None,
    target: T | None = None,
    target_key: str = "",
    environment: Mapping[str, str] = os.environ,
) -> Setting[T]:
    """Return the setting `name` (in the words of its option: `session-file`) from the first place that has it.

    `target` is what the target file says at `target_key`. Raises UsageError for a variable whose text `parse` refuses
    with ValueError, whose message says what is accepted.
    """
    if option is not None:
        return Setting(option, f"--{name}")
    given = environment.get(variable(name))
    if given is not None:
        return Setting(_parsed(given, parse, variable(name)), variable(name))
    return Setting(target, f"target file: {target_key}") if target is not None else Setting(default, "default")


def variable(name: str) -> str:
    """Return the environment variable of a setting: RELEASEGATE_SESSION_FILE for `session-file`."""
    return f"RELEASEGATE_{name.upper().replace('-', '_')}"


def yes_or_no(text: str) -> bool:
    """Return what an environment variable says that is either on or off; for `parse` of `choose`."""
    word = text.strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(f"{', '.join(_TRUE)}; {', '.join(_FALSE)}")
    return word in _TRUE


def from_environment(name: str) -> str | None:
    """Return the environment variable that a file speaks of as ${NAME}; None when it is not set."""
    return os.environ.get(name)


def command_name() -> str:
    """Return how the operator calls this program, so that a command we show can be pasted where they are."""
    return shlex.quote(os.environ.get(variable("command")) or _PROGRAM)


def for_children(*, without: str = "") -> dict[str, str]:
    """Return the environment of a child process: this one, with output that is not held back.

    Variables whose names begin with `without` are left out, none for "".
    """
    kept = {name: value for name, value in os.environ.items() if not (without and name.startswith(without))}
    return kept | {"PYTHONUNBUFFERED": "1"}


def for_client(*names: str) -> dict[str, str]:
    """Return the variables `names` of this environment that are set: all that a client program is to know of it."""
    return {name: os.environ[name] for name in names if name in os.environ}


def _parsed(given: str, parse: Callable[[str], T], where: str) -> T:
    try:
        return parse(given)
    except ValueError as error:
        raise UsageError(f"{where}: {given!r} was given; accepted: {error}") from error
