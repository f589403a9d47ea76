"""Whole releases written through the real chain, so that the dossier can be looked at before any gate has run."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from releasegate.change.models import Change
from releasegate.core import Finding, Severity
from releasegate.evidence import Chain, Folder, Kind
from releasegate.files import load_model
from releasegate.plugin.gates import GATES

CHANGE_FILE = Path(__file__).parents[2] / "changes" / "feat-2025-20251103111429.toml"
BEGAN = datetime(2025, 11, 9, 4, 2, 11, tzinfo=UTC)
FORWARD = [gate.marker for gate in GATES if gate.marker != "rollback"]

MISSING_ROWS = Finding(
    check="backfill/every-row",
    subject="messages",
    want="500 000 rows with media have the attachment that media_url says (changes/feat-2025-….toml [backfill])",
    have="499 997 do; 3 do not: 2 without attachment, 1 with another url",
    why="these pictures disappear from the inbox the moment the new frontend is live",
    fix="run the backfill again (it skips finished rows), then this gate",
    run="psql service=inbox -c \"SELECT id, media_url, attachments FROM messages WHERE id IN ('7c1f…', '9ae0…')\"",
)
OWNER = Finding(
    check="preflight/can-read",
    subject="role social_selling_user",
    want="a role that reads the tables and does not own them (DESIGN 10)",
    have="the role owns messages, conversations and 9 more tables",
    why="a mistake in a gate could write; the session is read-only all the same",
    fix="give the gate a role of its own with SELECT",
    run="psql service=inbox -c '\\dt'",
    severity=Severity.WARNING,
)
CONSOLE = Finding(
    check="smoke/console-clean",
    subject="conversation page",
    want="no error in the console that the old release did not have (runbook checkpoint 6)",
    have="1 new error, seen 3 times: TypeError: Cannot read properties of null (reading 'type')",
    why="a message without attachment type cannot be opened",
    fix="roll back the frontend, or mend the type and build again",
    run="./gate run smoke --target prod.toml -k console",
)


class Release:
    """Writes a release as the plugin does: plan, start, measures, verdicts, end; `outcomes` differ from PASS."""

    def __init__(self, chain: Chain, change: Change) -> None:
        self.chain, self.change, self._random = chain, change, random.Random(11)  # noqa: S311 - the same page each time

    def walk(self, gates: Iterable[str], outcomes: Mapping[str, tuple[str, list[Finding]]] = {}) -> None:
        """Take each step and judge its gate."""
        for gate in gates:
            self.steps(gate)
            self.gate(gate, outcomes)

    def attest(self, gates: Iterable[str]) -> None:
        """Attest every required manual item of `gates`."""
        for item in self.change.checklist:
            if item.manual and item.required and item.gate in gates:
                self.chain.append(Kind.ATTEST, item.gate, item=item.id, by="Ana Souza", note="")

    def steps(self, gate: str) -> None:
        """Record every command that the checklist's boxes of `gate` name."""
        names = dict.fromkeys(name for item in self.change.checklist if item.gate == gate for name in item.steps)
        for name in names:
            output = f"$ {name}\nNOTICE: Messages with media_url: 500000\nNOTICE: Migration verification PASSED\n"
            blob = self.chain.keep(output.encode(), "output.txt")
            self.chain.append(
                Kind.STEP, item=name, who="rafael", command=f"sh -c 'run step {name}'", exit_code=0, duration_s=3.4,
                output=output, output_blob=blob, lines=3, verdict="PASS", findings=[],
            )  # fmt: skip

    def gate(self, gate: str, outcomes: Mapping[str, tuple[str, list[Finding]]], **start: Any) -> None:
        """Plan, begin, judge and close one gate."""
        checks = dict.fromkeys(
            name for item in self.change.checklist for name in item.checks if name.startswith(f"{gate}/")
        )
        checks |= dict.fromkeys(name for name in outcomes if name.startswith(f"{gate}/"))
        for check in checks:
            title = check.partition("/")[2].replace("-", " ")
            self.chain.append(Kind.PLAN, gate, check, title=f"{title} is as promised", promises=_promises(check))
        self.chain.append(Kind.START, gate, **self.about(gate) | start)
        for check in checks:
            verdict, findings = outcomes.get(check, ("PASS", []))
            self.measure(gate, check)
            words = check.partition("/")[2].replace("-", " ")
            seen, unit = (500_000, "rows with media") if gate == "backfill" else (12, "answers")
            self.chain.append(
                Kind.VERDICT, gate, check, verdict=verdict, seen=seen, least=1, unit=unit, duration_s=0.46,
                sentence="; ".join(finding.have for finding in findings) or f"{words}: as promised",
                findings=[finding.as_dict() for finding in findings],
            )  # fmt: skip
        worst = min((outcomes.get(check, ("PASS",))[0] for check in checks), key=_ORDER.index, default="PASS")
        word = {"FAIL": "NO-GO", "INCONCLUSIVE": "CANNOT TELL", "ERROR": "CANNOT TELL"}.get(worst, "GO")
        sentence = f"{word}: {gate}: {len(checks)} checks judged"
        counts = {"collected": len(checks), "executed": len(checks), "skipped": 0, "deselected": 0}
        self.chain.append(Kind.END, gate, verdict=worst, exit_code=0, sentence=sentence, open_items=[], counts=counts)

    def about(self, gate: str) -> dict[str, Any]:
        """Return what a start event says."""
        return {
            "run": f"1-{gate}", "who": "rafael", "host": "deploy-01", "alone": False, "bonds": {},
            "versions": {"python": "3.11.9", "releasegate": "0.1.0", "pytest": "8.4.2", "psycopg": "3.2.10"},
            "target": {"name": "production", "path": "targets/production.toml"},
            "change": {"id": self.change.id, "path": "changes/feat-2025-20251103111429.toml", "sha256": "5d" * 32},
            "commits": {"backend commit": "9f2c4e1ab0d34c5f8e7a6b9c0d1e2f3a4b5c6d7e", "frontend commit": "build 9"},
            "fingerprint": "7567421833019442201 social_selling",
            "deviations": ["api.messages.path: read as /api/v2/messages (targets/production.toml [reading])"],
        }  # fmt: skip

    def measure(self, gate: str, check: str) -> None:
        """Write one measure, of the kind that such a check records."""
        value, blobs = _seen(check, self._random)
        kept = {name: self.chain.keep(data, name) for name, data in blobs.items()}
        query = _QUERIES.get(gate, f"probe {check}")
        rows = 500_000 if gate == "backfill" else 12
        self.chain.append(
            Kind.MEASURE, gate, check, value=value, unit="rows", rows=rows, query=query, duration_s=0.46, blobs=kept
        )


_QUERIES = {
    "backfill": "SELECT count(*) FILTER (WHERE attachments->0->>'url' = media_url)\nFROM messages",
    "backend": "GET http://10.0.4.11:3000/api/messaging/conversations",
}
_ORDER = ["FAIL", "ERROR", "INCONCLUSIVE", "NOT_RUN", "BLOCKED", "WAIVED", "WARN", "PASS", "N/A"]


def _promises(check: str) -> list[str]:
    found = {
        "backend/health": "api.health",
        "perf/below-limit": "latency",
        "migration/columns": "schema.columns",
        "migration/indexes": "schema.indexes",
        "backfill/every-row": "backfill",
        "preflight/free-disk": "host",
    }
    return [found[check]] if check in found else []


def _seen(check: str, rng: random.Random) -> tuple[Any, dict[str, bytes]]:
    if check == "backfill/spot-check":
        url = "https://cdn.example/media/{}.jpg"
        return [
            {"id": f"7c1f-{n}", "media_url": url.format(n), "url": url.format(n), "type": "image"} for n in range(5)
        ], {}
    if check == "perf/below-limit":
        samples = {
            name: [round(rng.lognormvariate(mean, 0.45), 1) for _ in range(1000)]
            for name, mean in {"messages": 4.9, "conversations": 4.2}.items()
        }
        return {"endpoints": 2, "arrivals_per_s": 20}, {"samples.json": json.dumps(samples).encode()}
    if check.startswith(("smoke/", "frontend/page")):
        value = {"thumbnails_expected": 6, "thumbnails_seen": 6}
        return value, {"page.png": _screenshot(check), "trace.zip": b"PK trace"}
    return {"status": 200, "answered_in_ms": 41, "holds": True}, {}


def _screenshot(label: str) -> bytes:
    """Draw something like the inbox; pictures in the page are really pictures."""
    image = Image.new("RGB", (640, 400), "#f4f5f7")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 180, 400), fill="#20304a")
    for row in range(4):
        top = 60 + row * 80
        draw.rounded_rectangle((210, top, 470, top + 60), 10, fill="#ffffff" if row % 2 else "#dbe7ff")
        draw.rectangle((220, top + 8, 264, top + 52), fill=("#c96f4a", "#5f8f6b", "#b49a3e", "#6a6fb0")[row])
    draw.text((210, 20), label, fill="#20304a")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def released(release: Release) -> None:
    """All gates passed, with a second attempt, a warning, a waiver and things nobody did."""
    release.attest(["preflight", "backfill", "monitoring"])
    release.walk(["preflight", "backup", "backend", "migration"], {"preflight/can-read": ("WARN", [OWNER])})
    release.walk(["backfill"], {"backfill/every-row": ("FAIL", [MISSING_ROWS])})
    release.walk(["backfill", "frontend", "smoke", "perf"], {
        "smoke/console-clean": ("FAIL", [CONSOLE]),
        "smoke/viewer-arrows": ("N/A", []),
    })  # fmt: skip
    release.chain.append(
        Kind.WAIVER, "smoke", "smoke/console-clean",
        by="Marina Lopes", reason="known since 1.7, fixed in 1.9.1", until="2025-11-20",
    )  # fmt: skip
    release.walk(["monitoring"], {"monitoring/latency-stayed-good": ("WARN", [])})


def stopped(release: Release) -> None:
    """The backfill left rows out: NO-GO before the frontend."""
    release.attest(["preflight"])
    release.walk(["preflight", "backup", "backend", "migration"])
    release.walk(["backfill"], {
        "backfill/every-row": ("FAIL", [MISSING_ROWS]), "backfill/spot-check": ("INCONCLUSIVE", []),
    })  # fmt: skip


def rolled_back(release: Release) -> None:
    """Out, broken, and taken back."""
    release.attest(["preflight", "backfill"])
    release.walk(FORWARD[:7], {"smoke/console-clean": ("FAIL", [CONSOLE])})
    release.gate("rollback", {}, rollback="code")


STORIES: dict[str, Callable[[Release], None]] = {"released": released, "stopped": stopped, "rolled_back": rolled_back}


def write_story(name: str, root: Path, change: Change) -> Folder:
    """Write the story called `name` into a folder below `root`."""
    folder = Folder.of(root, change.id, name)
    seconds = iter(range(100_000))
    with Chain.open(folder, clock=lambda: BEGAN + timedelta(seconds=7 * next(seconds))) as chain:
        STORIES[name](Release(chain, change))
    return folder


@pytest.fixture(scope="session")
def change() -> Change:
    return load_model(Change, CHANGE_FILE)


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, change: Change) -> Callable[[str], Folder]:
    """Return `story(name)`: the folder with that release."""
    written: dict[str, Folder] = {}

    def story(name: str) -> Folder:
        if name not in written:
            written[name] = write_story(name, tmp_path_factory.mktemp(name), change)
        return written[name]

    return story
