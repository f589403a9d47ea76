"""What the dossier shows, as plain data: each part of the page in the words of its reader, nothing computed later."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from releasegate.core import Finding, Severity, Verdict


class Tone(StrEnum):
    """How a verdict feels, and which colour and mark it gets."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"
    UNSURE = "unsure"
    QUIET = "quiet"


_TONES = {
    Verdict.PASS: Tone.GOOD,
    Verdict.WARN: Tone.LOOK,
    Verdict.WAIVED: Tone.LOOK,
    Verdict.FAIL: Tone.BAD,
    Verdict.NOT_APPLICABLE: Tone.QUIET,
}


def tone_of(verdict: Verdict | None) -> Tone:
    """Return the tone of `verdict`; None (nothing was run) is quiet."""
    return Tone.QUIET if verdict is None else _TONES.get(verdict, Tone.UNSURE)


class State(StrEnum):
    """What became of one box of the runbook."""

    TICKED = "ticked"
    CROSSED = "crossed"
    WAIVED = "waived"
    ATTESTED = "attested"
    NOT_APPLICABLE = "n/a"
    UNCLEAR = "unclear"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A small table; `note` says what was cut."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A screenshot inside the page (`source` is a data: URI), or only its name and why it is not shown.

    `id` is its place on the page; `same_as` the place where the same picture stands already.
    """

    name: str
    source: Markup | None
    note: str = ""
    id: str = ""
    same_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A drawing (SVG that takes its colours from the page) and what it shows; `note` is a line below it."""

    title: str
    drawing: Markup
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureView:
    """One look at the deployment."""

    query: str
    rows: str
    took: str
    text: str = ""
    table: Table | None = None
    pictures: tuple[Picture, ...] = ()
    plots: tuple[Plot, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What an earlier attempt said about the same check."""

    number: int
    when: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One check: the claim, who promised it, what was seen.

    `waiver` says who signed it off, `lapsed` who did and why that does not count; `earlier` are earlier attempts.
    """

    id: str
    title: str
    verdict: Verdict
    sentence: str
    promises: tuple[tuple[str, str], ...] = ()
    seen: str = ""
    least: str = ""
    took: str = ""
    findings: tuple[Finding, ...] = ()
    measures: tuple[MeasureView, ...] = ()
    more_measures: int = 0
    traceback: str = ""
    waiver: str = ""
    lapsed: str = ""
    earlier: tuple[Earlier, ...] = ()

    @property
    def tone(self) -> Tone:
        """The verdict's tone."""
        return tone_of(self.verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One of the runbook's own commands as it ran; `id` is its place on the page."""

    id: str
    item: str
    command: str
    exit_code: str
    when: str
    took: str
    output: str
    file: str
    verdict: Verdict | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Evidence that is shown at another place of the page."""

    id: str
    text: str
    verdict: Verdict | None

    @property
    def tone(self) -> Tone:
        """The verdict's tone."""
        return tone_of(self.verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box, "must" or tick of the runbook; evidence that an earlier box shows already is linked."""

    id: str
    text: str
    source: str
    state: State
    note: str = ""
    command: str = ""
    checks: tuple[CheckView, ...] = ()
    steps: tuple[StepView, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """One gate of the timeline; `verdict` is None when it was never begun.

    `checks` are all checks of its latest attempt, `others` those of them that no box names; `undone` says that a
    rollback has gone back behind it, so that it is to be done again; `is_released` that the new frontend is out.
    """

    marker: str
    number: int
    question: str
    runbook: str
    verdict: Verdict | None
    is_released: bool = False
    sentence: str = ""
    when: str = ""
    closed: str = ""
    alone: bool = False
    undone: bool = False
    boxes: tuple[Box, ...] = ()
    checks: tuple[CheckView, ...] = ()
    others: tuple[CheckView, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    plots: tuple[Plot, ...] = ()

    @property
    def tone(self) -> Tone:
        """The verdict's tone; a gate that passed and no longer counts is one to look at."""
        tone = tone_of(self.verdict)
        return Tone.UNSURE if self.closed and tone in (Tone.GOOD, Tone.LOOK) else tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding of the latest attempt; `note` says who signed it off, "" where nobody did."""

    gate: str
    finding: Finding
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRow:
    """One part of the course: when it began (UTC), how long it took, and how long the document says it takes.

    `over` says by how much it took longer than that; `bar` draws both; `anchor` is the gate to go to; `is_sum` that
    other rows are its parts.
    """

    name: str
    began: str
    took: str
    place: str = ""
    anchor: str = ""
    note: str = ""
    verdict: Verdict | None = None
    tone: Tone = Tone.QUIET
    planned: str = ""
    source: str = ""
    over: str = ""
    bar: Markup | None = None
    is_sum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackWay:
    """One way back at one moment: what it loses, or why it is not possible."""

    kind: str
    title: str
    loses: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackRow:
    """One moment of the release, when it was reached (UTC, "" for not yet), and which ways back are possible at it."""

    moment: str
    ways: tuple[BackWay, ...]
    reached: str = ""
    is_now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person attested or waived; `counts` says whether it does; `typed_by` who typed it, when somebody else."""

    what: str
    by: str
    when: str
    text: str
    counts: str
    tone: Tone
    until: str = ""
    typed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The first thing one reads: the word, and why."""

    word: str
    tone: Tone
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The whole report. `facts` are label and value, `unchecked` what was not checked and why."""

    language: str
    change: str
    title: str
    target: str
    document: str
    as_of: str
    headline: Headline
    ticket: str
    counts: tuple[tuple[State, int], ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    gates: tuple[GateView, ...]
    found: tuple[Found, ...]
    course: tuple[CourseRow, ...] = ()
    ways_back: tuple[BackRow, ...] = ()
    about_ways_back: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    deviations: tuple[str, ...] = ()
    unchecked: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[Found, ...]:
        """What stops the release."""
        return tuple(one for one in self.found if not one.note and one.finding.severity is Severity.ERROR)

    @property
    def waived(self) -> tuple[Found, ...]:
        """What somebody took on themselves."""
        return tuple(one for one in self.found if one.note)

    @property
    def warnings(self) -> tuple[Found, ...]:
        """What holds, with something to look at."""
        return tuple(one for one in self.found if not one.note and one.finding.severity is Severity.WARNING)
