"""Which column holds what people read of a message, found by comparing rows with what the API shows of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_TEXTS: Final = ("text", "character varying", "character", "citext", "varchar")
_FEWEST: Final = 2  # different texts: a title that every message has tells none from another
_WORDS: Final = 2  # an address, a state or a name of a type is one


def text_column(types: Mapping[str, str], shown: Iterable[tuple[Mapping[str, Any], Any]]) -> str:
    """Return the column whose texts the API shows too and that differ most between messages, "" where none does.

    `types` are the table's columns with their types; `shown` pairs a row with the API's entry of that message.
    """
    candidates = [name for name, kind in types.items() if kind.startswith(_TEXTS)]
    found: dict[str, set[str]] = defaultdict(set)
    for row, entry in shown:
        texts = set(_texts(entry))
        for name in candidates:
            value = row.get(name)
            if isinstance(value, str) and value in texts and len(value.split()) >= _WORDS:
                found[name].add(value)
    best = max(found, key=lambda name: len(found[name]), default="")
    return best if len(found.get(best, ())) >= _FEWEST else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
