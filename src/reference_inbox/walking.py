"""Walking from moment to moment: running the steps, and noting the arrival."""

import logging
import subprocess
import time

from reference_inbox import arrivals, moments, processes, repositories, services
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults import catalogue
from reference_inbox.state import State, Step

log = logging.getLogger(__name__)


def advance(state: State, there: str) -> None:
    """Do the runbook's steps up to a moment, for real. Raises ReferenceFailed at the first one that fails."""
    record = state.read()
    for moment in moments.between(record.moment, there):
        begin = time.monotonic()
        for step in record.steps[moment]:
            run(state, step)
        arrive(state, moment)
        log.info("%s (%.1f s)", moment, time.monotonic() - begin)


def run(state: State, step: Step) -> None:
    """Run one step. Raises ReferenceFailed with the item, the exit code and the last lines of its output."""
    begin = time.monotonic()
    done = subprocess.run(
        step.command,
        check=False,
        cwd=step.cwd,
        env=processes.environment(state, step.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with (state.logs / "steps.log").open("a", encoding="utf-8") as kept:
        kept.write(f"== {step.item} exit={done.returncode} {time.monotonic() - begin:.2f} s\n{done.stdout}")
    if done.returncode:
        tail = " / ".join(done.stdout.strip().splitlines()[-3:])
        raise ReferenceFailed(f"step {step.item} ended with {done.returncode}: {tail or 'no output'}")


def arrive(state: State, moment: str) -> None:
    """Note that a moment's commands are done, and let happen what happens there besides them.

    Arriving where one already is does nothing, so that a recorder may say it again.
    """
    if moments.between(state.read().moment, moment):
        wait_for_services(state)
        if moment == moments.MIGRATED:
            written = arrivals.people_write(state)
            log.info("%d messages were written meanwhile through the new backend", written)
        state.change(moment=moment)
    catalogue.strike_planned(state, moment)


def wait_for_services(state: State) -> None:
    """Return once what a manager was told to start answers, as a person waits who reads its log after the restart."""
    record = state.read()
    if record.services != "process" and record.ready:
        for service in repositories.SERVICES:
            services.wait_for_answer(state, service)
