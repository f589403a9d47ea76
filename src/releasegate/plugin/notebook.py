"""What one test measured and judged, on its way to the one writer of the evidence.

In the controller a note goes straight into the chain. A worker process appends it to a spill file of its own, which
the controller empties at every report and when a worker dies, so nothing that was seen is lost with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from releasegate.core import Finding, Judgement, Measurement
from releasegate.core.redaction import redactor
from releasegate.evidence.writing import writing

Sink = Callable[[dict[str, Any], dict[str, bytes]], None]


@dataclass(slots=True)
class Notebook:
    """The notes of one test; `write` takes a measure (its payload and blobs) on to the evidence."""

    check: str
    write: Sink
    judgements: list[Judgement] = field(default_factory=list)

    def measured(self, measurement: Measurement[Any]) -> None:
        """Pass one measurement on at once, so that it is kept whatever happens next."""
        self.write({"check": self.check, **as_payload(measurement)}, measurement.blobs)

    def judged(self, judgement: Judgement) -> None:
        """Remember a judgement; the test's verdict is the worst of them."""
        self.judgements.append(judgement)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding so far."""
        return tuple(finding for judgement in self.judgements for finding in judgement.findings)


def as_payload(measurement: Measurement[Any]) -> dict[str, Any]:
    """Return `measurement` as the payload of a measure event, without its blobs."""
    value = measurement.value if measurement.shown is None else measurement.shown
    return {
        "value": json_ready(value),
        "unit": measurement.unit,
        "rows": measurement.rows,
        "query": measurement.query,
        "duration_s": round(measurement.duration_s, 4),
    }


def json_ready(value: Any) -> Any:
    """Return `value` as JSON types: data classes as objects, everything unknown as its text."""
    return json.loads(json.dumps(value, default=_plain, allow_nan=False))


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


class Spill:
    """A worker's notes on disk, one JSON line each, flushed and synced; blobs lie beside as files."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._worker = worker
        self._blobs = 0
        self._file: TextIO | None = None

    def write(self, payload: dict[str, Any], blobs: dict[str, bytes]) -> None:
        """Append one note, redacted. Raises CannotMeasure when the disk refuses."""
        with writing(self._folder):
            files = {name: self._keep(data) for name, data in blobs.items()}
            line = json.dumps({"payload": redactor.data(payload), "blobs": files})
            if self._file is None:
                self._file = (self._folder / f"spill-{self._worker}.jsonl").open("a", encoding="utf-8")
            self._file.write(line + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def _keep(self, data: bytes) -> str:
        self._blobs += 1
        path = self._folder / f"spill-{self._worker}-{self._blobs}.blob"
        path.write_bytes(data)
        return path.name


class SpillReader:
    """The controller's side: yields each worker's notes once, blobs included, and removes the emptied files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def drain(self) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
        """Yield every complete note written since the last call."""
        for path in sorted(self._folder.glob("spill-*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read[path] = self._read.get(path, 0) + len(line)
                    note = json.loads(line)
                    yield note["payload"], {name: self._take(file_name) for name, file_name in note["blobs"].items()}

    def close(self) -> None:
        """Remove the emptied files."""
        for path in self._read:
            path.unlink(missing_ok=True)

    def _take(self, name: str) -> bytes:
        path = self._folder / name
        data = path.read_bytes()
        path.unlink()
        return data
