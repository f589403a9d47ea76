"""What the command line draws: the table of gates, with the words and colours of the verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from releasegate.core import Verdict
from releasegate.evidence.checkpoints import Checkpoint

STYLES = {
    Verdict.FAIL: "bold red",
    Verdict.ERROR: "bold magenta",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_RUN: "dim",
    Verdict.BLOCKED: "blue",
    Verdict.WAIVED: "yellow",
    Verdict.WARN: "yellow",
    Verdict.PASS: "green",
    Verdict.NOT_APPLICABLE: "dim",
}


def console(*, stderr: bool = False) -> Console:
    """Return the terminal; colours only where somebody looks (NO_COLOR is respected)."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def table(*headings: str) -> Table:
    """Return an empty table in the project's one look."""
    found = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in headings:
        found.add_column(heading, no_wrap=heading in ("gate", "verdict", "time", "step"))
    return found


def word(verdict: Verdict) -> Text:
    """Return a verdict in its colour."""
    return Text(str(verdict), style=STYLES[verdict])


def gate_table(stands: Sequence[Checkpoint]) -> Table:
    """Return the gates with their verdict, and whether they are open or why not."""
    found = table("gate", "verdict", "checkpoint")
    for stand in stands:
        found.add_row(stand.gate, word(stand.verdict), _stand(stand))
    return found


def _stand(stand: Checkpoint) -> Text:
    if stand.is_open:
        until = f" until {stand.expires:%Y-%m-%d %H:%M} UTC" if stand.expires else ""
        return Text(f"open{until}", style="green")
    return Text(f"closed: {stand.why_closed}", style="dim" if stand.verdict is Verdict.NOT_RUN else "")
