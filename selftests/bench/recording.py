"""What recording and reporting cost, as a share of the run that they record (the budget: 5 %).

    python selftests/bench/recording.py reports/rehearsals/<when>/<change>/<target> --change FILE

Everything that a finished run wrote is written again, event by event with its redaction, hash and sync, and after
each gate the report, the manifest and the statement, as the gate did; before it, the chain is read as often as a gate
reads it. That time is set against how long the run took.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from releasegate import change as changes
from releasegate.evidence import Chain, Event, Folder, Kind, read
from releasegate.evidence.statement import write_statement
from releasegate.evidence.verify import blob_paths
from releasegate.plugin.gates import GATES
from releasegate.report import write_report

_READINGS = 4  # at the start, before bulk attestation, before the gate, and for the ticket's line


def main() -> None:
    """Print the seconds of each part, and their share of the run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--change", type=Path, required=True)
    arguments = parser.parse_args()
    change = changes.load(arguments.change).change
    history = read(Folder(arguments.folder))
    took = (history.as_of - history.events[0].moment).total_seconds()
    spent = dict.fromkeys(("reading back", "events and blobs", "report", "manifest and statement"), 0.0)
    processor = time.process_time()
    with tempfile.TemporaryDirectory() as there:
        again = Folder(Path(there))
        for events in _processes(history.events):
            if events[-1].kind is Kind.END:
                with _timed(spent, "reading back"):
                    for _ in range(_READINGS):
                        _ = read(again).all_attempts
            with _timed(spent, "events and blobs"), Chain.open(again) as chain:
                for event in events:
                    for name in set(blob_paths(event.payload)):
                        chain.keep((arguments.folder / name).read_bytes(), name)
                    chain.append(event.kind, event.gate, event.check, **event.payload)
            if events[-1].kind is Kind.END:
                with _timed(spent, "report"):
                    write_report(again, change, GATES, language="en")
                with _timed(spent, "manifest and statement"):
                    write_statement(again)
    processor = time.process_time() - processor
    for what, seconds in spent.items():
        print(f"{what:24} {seconds:6.2f} s  {seconds / took:6.2%}")
    total = sum(spent.values())
    print(f"{'of a run of':24} {took:6.0f} s  {total / took:6.2%} (the budget is 5 %)")
    print(f"{'processor time alone':24} {processor:6.2f} s  {processor / took:6.2%}")


def _processes(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Yield the events that one process wrote: up to the end of a gate, or one recorded command."""
    written: list[Event] = []
    for event in events:
        written.append(event)
        if event.kind in (Kind.END, Kind.STEP):
            yield written
            written = []
    if written:
        yield written


@contextmanager
def _timed(spent: dict[str, float], what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    spent[what] += time.perf_counter() - began


if __name__ == "__main__":
    main()
