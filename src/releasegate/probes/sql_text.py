"""SQL as a document writes it: one statement or several, with comments, in a transaction of its own or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_PLANNABLE: Final = ("SELECT", "UPDATE", "DELETE", "INSERT", "MERGE", "WITH", "VALUES", "TABLE")
_TRANSACTION: Final = ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ABORT", "SET", "RESET")
# PostgreSQL's lexical structure, as far as a semicolon can be something else than an end.
_PIECES: Final = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<end>;)"
    r"|[eE]'(?:[^'\\]|\\.|'')*'|'[^']*'|\"[^\"]*\"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|\w+|.",
    re.DOTALL,
)
_BODY: Final = re.compile(r"\bBEGIN\s+ATOMIC\b", re.IGNORECASE)


def statements(text: str) -> Iterator[str]:
    """Yield the statements of `text`, without what begins, ends or sets up a transaction.

    A text that defines a function's body in standard SQL (BEGIN ATOMIC) is taken for one statement.
    """
    for statement in [text] if _BODY.search(text) else _cut(text):
        if first_word(statement) not in ("", *_TRANSACTION):
            yield statement.strip().rstrip(";")


def is_plannable(statement: str) -> bool:
    """Whether EXPLAIN takes it, by its first word."""
    return first_word(statement) in _PLANNABLE


def first_word(statement: str) -> str:
    """Return the first word that is no comment, in upper case; "" where there is none."""
    plain = "".join(" " if piece["comment"] else piece[0] for piece in _PIECES.finditer(statement))
    found = re.search(r"\w+", plain)
    return found[0].upper() if found else ""


def _cut(text: str) -> Iterator[str]:
    begins = 0
    for piece in _PIECES.finditer(text):
        if piece["end"]:
            yield text[begins : piece.start()]
            begins = piece.end()
    yield text[begins:]
