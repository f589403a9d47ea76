"""Whether every row of the backfilled table holds what it should, from one number per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from releasegate.checks.words import number
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.rows import FIRST_REQUIRED, JSON_TYPES, Flag, NewRows, RowCounts, Segment
from releasegate.core.figures import count

_AGAIN = "run the backfill again (it skips finished rows), then this gate"
_MANY = 0.1  # of the marked rows
_MEND = "these rows are filled, so the backfill skips them: empty their {target} first, then run it again"

Fits = Callable[[int], bool]


def is_judged(flags: int, counts: RowCounts) -> bool:
    """Whether the backfill answers for a row: it carries the marker, or had media when the backfill began.

    A row with content but without the marker is judged only where it is known to be older than the column, or holds
    what no release writes: what people attached themselves since is theirs.
    """
    if flags & Flag.MARKED:
        return True
    if not (flags & Flag.MEDIA and flags & Flag.DUE):
        return False
    return not (flags & Flag.FILLED and counts.has_marker) or bool(flags & (Flag.OLD | Flag.WRONG_KIND))


def is_own(flags: int, counts: RowCounts) -> bool:
    """Whether a row holds what people attached themselves."""
    return bool(flags & Flag.FILLED) and not is_judged(flags, counts)


def judged_flags(counts: RowCounts) -> list[int]:
    """Return the sets of flags of the rows that the backfill answers for, for the probe to pick some of them."""
    return [flags for flags in counts.by_flags if is_judged(flags, counts)]


def own_flags(counts: RowCounts) -> list[int]:
    """Return the sets of flags of the rows with what people attached themselves, for the probe to list them."""
    return [flags for flags in counts.by_flags if is_own(flags, counts)]


def kinds(counts: RowCounts) -> dict[str, Fits]:
    """Return what can be wrong with a judged row, as words, and the flags that say so; a row counts once."""
    wrong: dict[str, Fits] = {
        f"with the marker but without {counts.source}": lambda flags: not flags & Flag.MEDIA,
        f"without {counts.target}": lambda flags: not flags & Flag.FILLED,
        f"with JSON of another kind in {counts.target}": lambda flags: bool(flags & Flag.WRONG_KIND),
        "with another url": lambda flags: bool(flags & Flag.OTHER_URL),
        "with another type than the rule says": lambda flags: bool(flags & Flag.OTHER_TYPE),
        "with more elements than one backfilled row may hold": lambda flags: bool(flags & Flag.TOO_MANY),
    }
    for place, field in enumerate(counts.required):
        wrong[f"without {field}"] = lambda flags, bit=FIRST_REQUIRED << place: bool(flags & bit)  # type: ignore[misc]
    if counts.has_marker:
        wrong["without the marker"] = lambda flags: not flags & Flag.MARKED
    return wrong


def suspects(counts: RowCounts) -> dict[str, list[int]]:
    """Return the sets of flags behind each kind of wrong row that there is, for the probe to list examples of."""
    found: dict[str, list[int]] = {}
    for flags in sorted(counts.by_flags):
        kind = _kind_of(flags, counts)
        if kind:
            found.setdefault(kind, []).append(flags)
    return found


def _kind_of(flags: int, counts: RowCounts) -> str:
    """Return the first thing that is wrong with a row of these flags, "" for a good one and for one not judged."""
    if not is_judged(flags, counts):
        return ""
    return next((kind for kind, fits in kinds(counts).items() if fits(flags)), "")


def every_row_backfilled(
    counts: RowCounts,
    examples: Mapping[str, Sequence[str]],
    *,
    source: str,
    least: int,
    command: str,
    worst: Segment | None = None,
) -> Judgement:
    """Every row that the backfill answers for holds the url, the type, the fields and the marker that it should.

    `examples` maps the kinds of `suspects` to ids, `least` is the fewest judged rows that can tell (0: none is
    fine), `command` shows the rows again and takes their ids in the place of {ids}. `worst` is the segment with
    the most wrong rows.
    """
    unreadable = _unreadable(counts, source)
    if unreadable:
        return Judgement(seen=1, unit="columns", holds="", findings=(unreadable,))
    judged = counts.where(lambda flags: is_judged(flags, counts))
    if not least and not judged:
        nothing = f"no row with {counts.source} among {count(counts.total, 'row')}, and none is needed ({source})"
        return Judgement(seen=0, unit="rows with media", holds="", not_applicable=nothing)
    findings = (
        [_wrong_rows(counts, judged, examples, source=source, command=command, worst=worst)] if suspects(counts) else []
    )
    if _marker_nowhere(counts):
        findings.append(_no_marker_at_all(counts, source))
    elif _whose_is_unknown(counts):
        findings.append(_unmarked(counts, source))
    return Judgement(
        seen=judged,
        unit="rows with media",
        least=max(least, 1),
        holds=_counted(counts, judged),
        findings=tuple(findings),
        cost=_cost(counts) if counts.blocks else "",
    )


def _unreadable(counts: RowCounts, source: str) -> Finding | None:
    """Return what is wrong when the columns themselves are, so that no row could be looked at."""
    if not counts.source_type:
        column, want, have = counts.source, "the column that the backfill reads", "no such column"
        fix = "stop here: without it nothing can be compared; restore it from the backup"
    elif counts.target_type not in JSON_TYPES:
        column, want = counts.target, "jsonb"
        have = counts.target_type or "no such column"
        fix = "run the migration gate: it says which step made the column so"
    else:
        return None
    return Finding(
        check="backfill/every-row",
        subject=f"{counts.table}.{column}",
        want=f"{want} ({source})",
        have=have,
        why="what the new frontend shows is read from here",
        fix=fix,
        run=f"psql -c '\\d {counts.table}'",
    )


def _wrong_rows(
    counts: RowCounts,
    judged: int,
    examples: Mapping[str, Sequence[str]],
    *,
    source: str,
    command: str,
    worst: Segment | None,
) -> Finding:
    found = {kind: sum(counts.by_flags[one] for one in flags) for kind, flags in suspects(counts).items()}
    wrong = sum(found.values())
    each = ", ".join(f"{number(rows)} {kind}" for kind, rows in found.items())
    only_missing = list(found) == [f"without {counts.target}"]
    where = f"; {_most_of_them(worst, wrong)}" if worst and worst.rows > 1 else ""
    ids = [key for kind in found for key in examples.get(kind, ())]
    return Finding(
        check="backfill/every-row",
        subject=counts.table,
        want=f"{count(judged, 'row')} hold in {counts.target} what {counts.source} says ({source})",
        have=f"{number(judged - wrong)} do; {number(wrong)} do not: {each}{where}",
        why="these pictures disappear from the inbox, or are shown wrongly, once the new frontend is live",
        fix=_AGAIN if only_missing else _MEND.format(target=counts.target),
        run=command.replace("{ids}", _in_list(ids)) if ids else "",
    )


def _most_of_them(worst: Segment, wrong: int) -> str:
    """Return what the most of `wrong` rows have in common."""
    share = "all of them" if worst.rows == wrong else f"{number(worst.rows)} of them"
    return f"{share} with {worst.name} {worst.value}"


def _in_list(ids: Sequence[str]) -> str:
    """Return ids as SQL texts without a single quote in them: the command around is quoted for the shell."""
    return ", ".join(f"$${key}$$" for key in ids)


def _marker_nowhere(counts: RowCounts) -> bool:
    """Whether rows are filled, none carries the marker, and nobody can tell which are people's own."""
    filled = counts.having(Flag.MEDIA | Flag.FILLED)
    return counts.has_marker and not counts.knows_old and filled > 0 and not counts.having(Flag.MARKED)


def _whose_is_unknown(counts: RowCounts) -> bool:
    """Whether many filled rows lack the marker, and nothing says whether the backfill or people filled them.

    People attach little between a backfill and its gate; a backfill that marks half of its rows leaves many.
    """
    own = counts.where(lambda flags: is_own(flags, counts) and bool(flags & Flag.MEDIA))
    return counts.has_marker and not counts.knows_old and own > _MANY * counts.having(Flag.MARKED)


def _unmarked(counts: RowCounts, source: str) -> Finding:
    own = counts.where(lambda flags: is_own(flags, counts))
    return Finding(
        check="backfill/every-row",
        subject=counts.table,
        want=f"backfilled rows carry the marker ({source})",
        have=f"{count(own, 'row')} with {counts.target} and without it, and no date to tell people's own by",
        why="what the backfill left without its marker is not judged here, and the way back would not find it",
        fix="name the column that dates a row (backfill.created), or look at some of these rows by hand",
        severity=Severity.WARNING,
    )


def _no_marker_at_all(counts: RowCounts, source: str) -> Finding:
    filled = counts.having(Flag.MEDIA | Flag.FILLED)
    return Finding(
        check="backfill/every-row",
        subject=counts.table,
        want=f"backfilled rows carry the marker ({source})",
        have=f"none of {count(filled, 'row')} with {counts.source} and {counts.target} does",
        why="the way back finds the backfilled rows by their marker: it would find none",
        fix="look at what the backfill writes; empty these rows and run it again",
    )


def _counted(counts: RowCounts, judged: int) -> str:
    """Return the sentence of a good table: what was judged, and what was only counted."""
    said = [f"{count(judged, 'row')} of {number(counts.total)} hold what {counts.source} says"]
    undecided = counts.where(lambda flags: is_judged(flags, counts) and bool(flags & Flag.UNDECIDED))
    own = counts.where(lambda flags: is_own(flags, counts))
    late = counts.having(Flag.MEDIA, without=Flag.FILLED | Flag.DUE)
    if undecided:
        said.append(f"{number(undecided)} of a type that no case decides")
    if own:
        said.append(f"{number(own)} attached by people themselves, not judged")
    if late:
        said.append(f"{number(late)} written since the backfill began are without {counts.target}")
    return "; ".join(said)


def _cost(counts: RowCounts) -> str:
    """Return what looking at every row cost the server."""
    ranges = f" in {count(counts.ranges, 'range')}" if counts.ranges > 1 else ""
    resumed = f", taken up after {counts.resumed_after} where a pass was cut off" if counts.resumed_after else ""
    table = f"{count(counts.total, 'row')} in {count(counts.blocks, 'block')} read"
    return f"{table}{ranges} in {show_duration(counts.took_s)}{resumed}"


def coverage(counts: RowCounts, *, source: str, least: int) -> Judgement:
    """Every row with media has something in the target column; the runbook's own figure stands beside the truth.

    The runbook divides two counts that need not be of the same rows: rows with attachments of their own make up
    for rows that were left out.
    """
    media, filled = counts.having(Flag.MEDIA), counts.having(Flag.FILLED)
    both = counts.having(Flag.MEDIA | Flag.FILLED)
    due = counts.having(Flag.MEDIA | Flag.DUE)
    left_out = counts.having(Flag.MEDIA | Flag.DUE, without=Flag.FILLED)
    if not least and not due:
        nothing = f"no row with {counts.source} from before the backfill"
        return Judgement(seen=0, unit="rows with media", holds="", not_applicable=nothing)
    figure = _runbooks_figure(filled, media, both)
    holds = f"{_share(both, media)} of {count(media, 'row')} with media; the runbook's query says {figure}"
    findings = (_left_out(counts, due, left_out, figure, source),) if left_out else ()
    return Judgement(
        seen=due, unit="rows with media from before the backfill", least=max(least, 1), holds=holds, findings=findings
    )


def _runbooks_figure(filled: int, media: int, both: int) -> str:
    """Return what the runbook's query says, and where it cannot be right, why."""
    figure = f"{filled / media * 100:.2f}" if media else "NULL"
    if filled == both or not media:
        return f"{figure}, rounded up" if media > both and figure == "100.00" else figure
    return f"{figure} because it also counts {count(filled - both, 'row')} without media"


def _left_out(counts: RowCounts, due: int, left_out: int, figure: str, source: str) -> Finding:
    return Finding(
        check="backfill/coverage",
        subject=counts.table,
        want=f"100.00 % of {count(due, 'row')} with {counts.source} have {counts.target} ({source})",
        have=f"{_share(due - left_out, due)}: {count(left_out, 'row')} without; the runbook's query says {figure}",
        why="these pictures disappear from the inbox the moment the new frontend is live",
        fix=_AGAIN,
    )


def new_rows_in_new_form(check: str, found: NewRows, counts: RowCounts, *, source: str) -> Judgement:
    """Rows written since the backfill began have the new form too, or the coverage does not stay what it is.

    A row may get its content a moment after it was written, so what one look finds is a warning; what is still so
    at a second look stops the release.
    """
    unit = "rows with media written since"
    if not found.since:
        unknown = "nobody recorded when the backfill began, or no column dates a row: which ones are new is not known"
        return Judgement(seen=0, unit=unit, holds="", not_applicable=unknown)
    late = found.old_form if found.still is None else found.still
    looked = f", {show_duration(found.waited_s)} later too" if found.still is not None else ""
    findings: tuple[Finding, ...] = ()
    if late:
        findings = (
            Finding(
                check=check,
                subject=counts.table,
                want=f"rows written since the backfill began have {counts.target} ({source})",
                have=f"{number(late)} of {count(found.media, 'row')} with {counts.source} have none{looked}",
                why="something still writes in the old form: these pictures are missing, and the coverage falls",
                fix="find out who writes them (an old process, a webhook, a job); then run the backfill again"
                if found.still is not None
                else "look again with --settle 30: a row may get its content a moment after it was written",
                severity=Severity.WARNING if found.still is None else Severity.ERROR,
            ),
        )
    nothing = f"0 rows with {counts.source} were written since the backfill began; --settle SECONDS looks again"
    holds = f"{count(found.media, 'row')} with media written since the backfill began, in the new form{looked}"
    return Judgement(
        seen=found.media, unit=unit, holds=holds, findings=findings, not_applicable="" if found.media else nothing
    )


def still_complete(counts: RowCounts, *, source: str, least: int) -> Judgement:
    """Rows with media still have content, those written since included; those that lost it or never got it are named.

    Content that people removed together with the source is no loss: such a row has no media any more.
    """
    check = "followup/coverage-still-complete"
    media, empty = counts.having(Flag.MEDIA), counts.having(Flag.MEDIA, without=Flag.FILLED)
    since = counts.having(Flag.MEDIA, without=Flag.DUE)
    findings: tuple[Finding, ...] = ()
    if empty:
        findings = (
            Finding(
                check=check,
                subject=counts.table,
                want=f"100.00 % of {count(media, 'row')} with {counts.source} have {counts.target} ({source})",
                have=f"{_share(media - empty, media)}: {count(empty, 'row')} without",
                why="the new release writes messages in the old form, or something empties them: pictures go missing",
                fix="find out which rows these are and who writes them; then run the backfill again",
            ),
        )
    holds = f"all {count(media, 'row')} with media still have {counts.target}, {number(since)} written since included"
    if not least and not media:
        return Judgement(seen=0, unit="rows with media", holds="", not_applicable=f"no row with {counts.source}")
    return Judgement(seen=media, unit="rows with media", least=max(least, 1), holds=holds, findings=findings)


def _share(part: int, whole: int) -> str:
    """Return a percentage that only says 100.00 % when nothing is missing."""
    if part == whole:
        return "100.00 %"
    return f"{min(part / whole * 100, 99.99):.2f} %" if whole else "none"


def unreadable_rows(check: str, counts: RowCounts, source: str) -> Judgement | None:
    """Return the verdict of a check that needs both columns where one of them is no use, None where both are."""
    finding = _unreadable(counts, source)
    if finding is None:
        return None
    renamed = Finding(**{**finding.as_dict(), "check": check, "severity": Severity.ERROR})
    return Judgement(seen=1, unit="columns", holds="", findings=(renamed,))
