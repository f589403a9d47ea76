"""Whether the figures that the backfill itself printed are those of the table that it ran on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.rows import Flag, RowCounts
from releasegate.core.facts.steps import StepRun
from releasegate.core.figures import count

WORDS: Final = {"total": "rows", "with_media": "rows with media", "to_migrate": "rows to migrate"}
"""What a step's output can announce, by the key of the change file, in words."""

_UNIT = "figures compared"
_SLACK = 100  # one in so many rows may have been edited or deleted between the two looks


class StepPromise(Protocol):
    """What the change file says of one command: `counts` maps keys of WORDS to patterns around a number."""

    @property
    def item(self) -> str: ...  # noqa: D102  the fields of the change file's [[steps]]
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def counts(self) -> Mapping[str, str]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One figure that a command printed: `key` is one of WORDS."""

    item: str
    source: str
    key: str
    figure: int


def announced(steps: Iterable[StepPromise], runs: Iterable[StepRun]) -> tuple[Announced, ...]:
    """Return the figures that `runs` printed.

    Of several runs of a command the largest counts: one that runs again skips finished rows, and says so.
    """
    ran = list(runs)
    found = {
        (step.item, key): [figure for run in ran if run.item == step.item for figure in _figures(pattern, run.output)]
        for step in steps
        for key, pattern in step.counts.items()
    }
    sources = {step.item: step.source for step in steps}
    return tuple(
        Announced(item=item, source=sources[item], key=key, figure=max(figures))
        for (item, key), figures in found.items()
        if figures
    )


def _figures(pattern: str, output: str) -> list[int]:
    """Return the numbers that `pattern` finds, with or without marks between the thousands."""
    found = [match.group(1) for line in output.splitlines() for match in re.finditer(pattern, line, re.IGNORECASE)]
    digits = [re.sub(r"\D", "", text or "") for text in found]
    return [int(text) for text in digits if text]


def expected(before: RowCounts) -> dict[str, int]:
    """Return what the backfill should announce, by the look at the rows before it."""
    return {
        "total": before.total,
        "with_media": before.having(Flag.MEDIA),
        "to_migrate": before.having(Flag.MEDIA, without=Flag.FILLED),
    }


def rows_as_announced(check: str, figures: Sequence[Announced], before: RowCounts | None, now: RowCounts) -> Judgement:
    """The dry run and the backfill speak of as many rows as the migration gate saw in this table before them.

    A live table grows meanwhile, and people edit: what was written since, and one row in a hundred, is no difference.
    Another figure is a warning, because the rows themselves are judged one by one.
    """
    if before is None or not before.is_readable:
        unknown = "the migration gate has no look at the rows before the backfill on record"
        return Judgement(seen=0, unit=_UNIT, holds="", not_applicable=unknown)
    wanted = expected(before)
    said = ", ".join(f"{number(wanted[key])} {word}" for key, word in WORDS.items())
    if not figures:
        nothing = f"{said} before the backfill; no recorded output has a figure to compare"
        return Judgement(seen=0, unit=_UNIT, holds="", not_applicable=nothing)
    grown = max(now.total - before.total, 0)
    findings = [_differs(check, one, wanted[one.key]) for one in figures if not _is_near(one, wanted[one.key], grown)]
    items = some(list(dict.fromkeys(one.item for one in figures)))
    return Judgement(
        seen=len(figures),
        unit=_UNIT,
        holds=f"{said} before the backfill; {items} said the same",
        findings=tuple(findings),
    )


def _is_near(one: Announced, wanted: int, grown: int) -> bool:
    slack = wanted // _SLACK
    return wanted - slack <= one.figure <= wanted + grown + slack


def _differs(check: str, one: Announced, wanted: int) -> Finding:
    word = WORDS[one.key]
    return Finding(
        check=check,
        subject=one.item,
        want=f"about {count(wanted, word, word)}, as before the backfill ({one.source})",
        have=f"it said {number(one.figure)}",
        why="it ran on another database, or leaves out rows that it should see",
        fix="compare the database in its settings with the target's; read its whole output in the evidence",
        severity=Severity.WARNING,
    )
