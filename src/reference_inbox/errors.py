"""The two expected ways in which a command of the reference ends badly, and how a wrong word is answered."""

from collections.abc import Iterable
from difflib import get_close_matches


class ReferenceFailed(Exception):
    """Something the reference needed did not happen; the message is one sentence a person can act on. Exit 1."""


class WrongUsage(ReferenceFailed):
    """The command was given something it does not accept, and has changed nothing. Exit 4."""


def unknown(kind: str, given: str, accepted: Iterable[str]) -> WrongUsage:
    """Say that GIVEN is no KIND, list what is accepted, and offer the nearest word when there is one."""
    words = list(accepted)
    near = get_close_matches(given, words, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return WrongUsage(f"{given!r} is no {kind}; accepted: {', '.join(words)}{hint}")
