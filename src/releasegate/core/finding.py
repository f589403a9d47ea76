"""One thing that is wrong with a deployment: data first, six aligned labels when it is printed."""

from __future__ import annotations

import textwrap
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

_WIDTH = 110  # where nobody says how wide the terminal is
_LABELS = ("want", "have", "why", "fix", "run")


class Severity(StrEnum):
    """`error` stops the release; `warning` is worth a look and never softens an error."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was promised and what is there instead.

    `check` is the id `gate/check`; `subject` the table, page, service or endpoint it is about. `want` and `have`
    use the same unit, and `want` ends with who promised it. `why` says what a user or the operator will notice,
    `fix` what to do next, `run` the command that shows it again ("" where there is none).
    """

    check: str
    subject: str
    want: str
    have: str
    why: str
    fix: str
    run: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return self.wrapped(_WIDTH)

    def wrapped(self, width: int) -> str:
        """Return the finding as lines of at most `width` columns; a command and a long word are never broken."""
        lines = [f"{self.check}: {self.subject}"]
        lines += [_labelled(label, getattr(self, label), width) for label in _LABELS if getattr(self, label)]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        return asdict(self)


def _labelled(label: str, text: str, width: int) -> str:
    head = f"  {label + ':':<5} "
    if label == "run":  # a command is pasted: it is never wrapped
        return head + text
    return textwrap.fill(
        text, width, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
