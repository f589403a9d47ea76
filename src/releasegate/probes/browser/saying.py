"""What a window says: its words as people read them, and the signs of something going on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

# Two looks at the same page differ by the clock: what is left of "14:31" and "3 minutes ago" without its digits.
_OF_TIME: Final = re.compile(
    r"agora|ontem|hoje|h[áa]|atr[áa]s|seg(?:undos?)?|min(?:utos?)?|horas?|dias?|semanas?"
    r"|now|today|yesterday|ago|just|secs?|seconds?|mins|minutes?|hours?|days?|weeks?|am|pm"
)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """What a window says. `text` are its visible words; `signs` counts visible alerts, progress bars and animations."""

    text: str = ""
    signs: int = 0

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Saying:
        """Return what the script inside the page says of it."""
        return cls(text=str(answer["text"]), signs=int(answer["signs"]))

    @property
    def phrases(self) -> frozenset[Phrase]:
        """Each two words that follow each other in a line, and the word of a line that has only one.

        Without digits and without the words of times: single words of an error stand in many a message too.
        """
        lines = (_words(line) for line in self.text.splitlines())
        return frozenset(phrase for words in lines for phrase in _pairs(words))

    @property
    def is_blank(self) -> bool:
        """Whether there is no word at all."""
        return not self.text.strip()

    def tells_more_than(self, *others: Saying) -> bool:
        """Whether it says something that none of `others` says, or shows more signs than each of them."""
        known = frozenset[Phrase]().union(*(other.phrases for other in others))
        return bool(self.phrases - known) or self.signs > max((other.signs for other in others), default=0)


def _words(line: str) -> list[str]:
    return [word for word in _WORD.findall(line.lower()) if not _OF_TIME.fullmatch(word)]


def _pairs(words: list[str]) -> list[Phrase]:
    return list(pairwise(words)) if len(words) > 1 else [(word,) for word in words]
