"""Which tests are the gate's, in which order, and what they need from the files before the first measurement."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from releasegate.plugin.gates import BY_MARKER, GATES
from releasegate.plugin.options import PROJECT, run_of
from releasegate.plugin.plan import PlannedCheck, write_plan
from releasegate.plugin.run import Run

PLAN: pytest.StashKey[tuple[PlannedCheck, ...]] = pytest.StashKey()
CHECK: pytest.StashKey[PlannedCheck] = pytest.StashKey()
_ORDER = {gate.marker: number for number, gate in enumerate(GATES)}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the folders of other phases unread: their imports alone take a second of every gate."""
    run = run_of(config)
    if run is None or collection_path.parent != PROJECT / "tests" or not collection_path.is_dir():
        return None
    return True if collection_path.name not in {gate.phase for gate in run.gates} else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note what each test checks, before anything is deselected, and put the gates in the runbook's order."""
    run = run_of(config)
    for item in items:
        check = PlannedCheck.of(item)
        if check is not None:
            item.stash[CHECK] = check
    checks = [item.stash[CHECK] for item in items if CHECK in item.stash]
    if run is None:
        _refuse_unnamed(checks, config)
        return
    items.sort(key=lambda item: _ORDER.get(item.stash[CHECK].gate, -1) if CHECK in item.stash else -1)
    named = {gate.marker for gate in run.gates}
    plan = tuple(check for check in checks if check.gate in named)
    config.stash[PLAN] = plan
    _require_sections(plan, run)


@pytest.hookimpl(tryfirst=True)  # before xdist tells the controller that this worker is ready
def pytest_collection_finish(session: pytest.Session) -> None:
    """In a worker process: tell the controller what there is to check."""
    config = session.config
    worker = getattr(config, "workerinput", None)
    if worker is not None and PLAN in config.stash:
        write_plan(plan_path(Path(worker["releasegate_run"]), worker["workerid"]), _plan_of(config))


def _plan_of(config: pytest.Config) -> tuple[PlannedCheck, ...]:
    return config.stash[PLAN]


def plan_path(run: Path, worker: str) -> Path:
    """Return where a worker leaves its plan."""
    return run / f"plan-{worker}.json"


def _refuse_unnamed(checks: Sequence[PlannedCheck], config: pytest.Config) -> None:
    if checks and not config.option.collectonly:
        raise pytest.UsageError(
            f"these are deployment gates: name one with -m ({', '.join(BY_MARKER)}) and a deployment with --target FILE"
        )


def _require_sections(plan: Sequence[PlannedCheck], run: Run) -> None:
    """Raise UsageError naming every section that a check of the plan needs and the target file does not have.

    Judged alone, such a check is listed as not judged: `--alone` judges what can be judged with what is given.
    """
    if run.alone:
        return
    missing: dict[str, list[str]] = {}
    for check in plan:
        if run.subject.not_promised(check.promises) or run.subject.excused(check.id):
            continue
        for need in check.needs:
            if not run.subject.has(need):
                missing.setdefault(need, []).append(check.id)
    if missing:
        lines = [_section_missing(run.subject.target_path, need, checks) for need, checks in sorted(missing.items())]
        raise pytest.UsageError("\n".join(lines))


def _section_missing(target: Path, need: str, checks: Sequence[str]) -> str:
    """Return what to say of a section that all of `checks` need."""
    verb = "needs" if len(checks) == 1 else "need"
    return (
        f"{target}: [{need}] is missing; {', '.join(checks)} {verb} it (add it as in targets/example.toml, "
        f'or say why not: [[not_applicable]] check = "{checks[0]}", reason = "…")'
    )
