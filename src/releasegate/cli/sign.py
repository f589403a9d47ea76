"""`gate attest` and `gate waive`: what a named person says, recorded beside what was measured."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from releasegate.cli import unknown
from releasegate.cli.places import folder_of, on_target, refresh, subject_of
from releasegate.core import UsageError
from releasegate.evidence.chain import Chain, read
from releasegate.evidence.events import Kind
from releasegate.evidence.history import History
from releasegate.plugin.opening import who


@click.command()
@click.argument("item")
@on_target
@click.option("--by", required=True, help="Who says so.")
@click.option("--note", default="", help="What they saw.")
def attest(
    item: str, target_path: Path | None, change_path: Path | None, reports: Path | None, by: str, note: str
) -> int:
    """Attest a manual ITEM of the runbook's checklist (a window booked, a team warned)."""
    subject = subject_of(target_path, change_path)
    manual = {known.id: known for known in subject.change.checklist if known.manual}
    if item not in manual:
        raise UsageError(unknown("manual item", item, manual))
    _require_name(by)
    folder = folder_of(subject, reports)
    with Chain.open(folder) as chain:
        chain.append(Kind.ATTEST, manual[item].gate, item=item, by=by, note=note, typed_by=who())
    refresh(folder, subject)
    click.echo(f"attested by {by}: {manual[item].text.en}")
    return 0


@click.command()
@click.argument("check")
@on_target
@click.option("--by", required=True, help="Who signs it off.")
@click.option("--reason", required=True, help="Why the release may go on all the same.")
@click.option("--until", required=True, help="The last day on which it counts, YYYY-MM-DD.")
def waive(check: str, target_path: Path | None, change_path: Path | None, reports: Path | None, **signed: Any) -> int:
    """Sign off a CHECK (gate/check) that is FAIL or INCONCLUSIVE, with a reason and an end date."""
    subject = subject_of(target_path, change_path)
    folder = folder_of(subject, reports)
    known = [name for attempt in read(folder).all_attempts for name in attempt.checks]
    if check not in known:
        raise UsageError(unknown("check", check, sorted(set(known))) if known else f"{check}: no gate has run here yet")
    _require_name(signed["by"])
    _require_name(signed["reason"], "--reason")
    until = _day(signed["until"])
    if not subject.target.policy.waive_own:
        _require_another(read(folder), check, signed["by"], subject.target_path)
    with Chain.open(folder) as chain:
        gate = check.partition("/")[0]
        chain.append(Kind.WAIVER, gate, check, typed_by=who(), **signed | {"until": until.isoformat()})
    refresh(folder, subject)
    click.echo(f"{check} is waived by {signed['by']} until the end of {until}: {signed['reason']}")
    return 0


def _require_another(history: History, check: str, by: str, target: Path) -> None:
    """Raise UsageError when whoever waives, or sits at the keyboard, is who ran the gate."""
    attempt = history.latest(check.partition("/")[0])
    ran = str(attempt.start.get("who") or "") if attempt else ""
    if ran and ran.casefold() in (by.strip().casefold(), who().casefold()):
        raise UsageError(
            f"--by: {ran} ran this gate, and {target} says [policy] waive_own = false; "
            "somebody else waives it, at their own account"
        )


def _require_name(text: str, option: str = "--by") -> None:
    if not text.strip():
        raise UsageError(f"{option}: nothing was given; say it in words")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--until: {text!r} is no date; accepted: YYYY-MM-DD") from error
    if day < datetime.now(UTC).date():
        raise UsageError(f"--until: {day} has passed; give today or a later day")
    return day
