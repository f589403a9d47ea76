"""However much there is, the page stays small, says what it left out, and everything in it stays text."""

from __future__ import annotations

import json
import os
import re
import time
import xml.etree.ElementTree as ET

import pytest

from releasegate.core import Finding
from releasegate.evidence import Chain, Folder, Kind, read
from releasegate.evidence.events import Event
from releasegate.evidence.history import History
from releasegate.plugin.gates import GATES
from releasegate.report import render, write_report
from releasegate.report.limits import LARGEST_PAGE

MARKUP = "</style></pre><script>alert(1)</script><img src=x onerror=alert(2)>{{ 1234567*7 }}"
HOSTILE = f"{MARKUP}\u202e\u2066gnp.exe\x00\x1b[31mred\x1b[0m\u2028 & \"'"
FORBIDDEN = re.compile("[\x00\x1b\u202e\u2066\u2028]|<script|<img src=x|onerror=alert\\(2\\)>(?!\\{)")


def finding(number: int, size: int = 80) -> dict[str, str]:
    text = f"row {number} " + "x" * size
    return Finding(check="backfill/every-row", subject=text, want=text, have=text, why=text, fix=text).as_dict()


def write(folder: Folder, findings, *, checks=1, measures=0, blob: bytes = b"") -> Folder:
    with Chain.open(folder) as chain:
        names = [f"backfill/every-row.{number}" for number in range(checks)]
        chain.append(Kind.START, "backfill")
        for name in names:
            for number in range(measures):
                kept = {"page.png": chain.keep(b"\x89PNG\r\n" + f"{name} {number}".encode() + blob, "page.png")}
                chain.append(Kind.MEASURE, "backfill", name, value="y" * 5000, query="z" * 5000, blobs=kept)
            chain.append(Kind.VERDICT, "backfill", name, verdict="FAIL", sentence="wrong", findings=findings)
        chain.append(Kind.END, "backfill", verdict="FAIL")
    return folder


def test_ten_thousand_findings_leave_a_page_that_can_be_used(tmp_path, change):
    """The first of them in full, the number of all, and every one of them in the chain and in the JSON."""
    folder = write(Folder(tmp_path), [finding(number) for number in range(10_000)])
    html = write_report(folder, change, GATES, language="en").read_text("utf-8")
    assert len(html) < 1_000_000
    assert "60 of 10000 are shown" in html
    assert "20 of 10000 are shown" in html
    content = json.loads(render(read(folder), change, GATES, form="json", language="en"))
    assert len(content["found"]) == 10_000


@pytest.mark.parametrize(
    ("about", "said"),
    [
        pytest.param(
            {"findings": [finding(n, 3000) for n in range(40)], "checks": 30}, "This page was cut", id="findings"
        ),
        pytest.param(
            {"findings": [], "measures": 12, "blob": os.urandom(400_000)}, "not shown here, 400 kB", id="pictures"
        ),
        pytest.param(
            {"findings": [finding(1)], "checks": 60, "measures": 12},
            "This page was cut",
            id="measures",
            marks=pytest.mark.everything,
        ),
        pytest.param(
            {"findings": [finding(1)], "checks": 1500},
            "1000 of 1500 are shown",
            id="checks",
            marks=pytest.mark.everything,
        ),
    ],
)
def test_a_page_stays_below_its_limit_and_says_what_is_missing(tmp_path, change, about, said):
    """Whatever there is too much of; the word at the top and the ticket line are always there."""
    html = write_report(write(Folder(tmp_path), **about), change, GATES, language="en").read_text("utf-8")
    assert len(html.encode()) <= LARGEST_PAGE
    assert said in html
    assert '<p class="word">NO-GO</p>' in html
    assert "For the ticket" in html


def test_the_same_picture_is_in_the_page_once(tmp_path, change):
    """Where it was kept again, a link leads to it."""
    png = b"\x89PNG\r\nthe same"
    with Chain.open(Folder(tmp_path)) as chain:
        chain.append(Kind.START, "smoke")
        for check in ("smoke/viewer", "smoke/thread"):
            kept = chain.keep(png, "page.png")
            chain.append(Kind.MEASURE, "smoke", check, value=1, blobs={"page.png": kept})
            chain.append(Kind.VERDICT, "smoke", check, verdict="PASS")
    html = write_report(Folder(tmp_path), change, GATES, language="en").read_text("utf-8")
    assert html.count("data:image/png") == 1
    assert 'id="picture-1"' in html
    assert '<a class="ref" href="#picture-1">shown above</a>' in html


def poisoned(value, text: str):
    """Return a payload with `text` in place of every text, and behind every key."""
    if isinstance(value, str):
        return text
    if isinstance(value, dict):
        return {key: poisoned(item, text) for key, item in value.items()} | {text: text}
    if isinstance(value, list):
        return [poisoned(item, text) for item in value]
    return value


@pytest.mark.parametrize("form", ["html", "md", "junit", "json"])
def test_hostile_text_in_every_field_of_every_event_stays_text(story, change, form):
    """A whole release in which the deployment, the operator and the files answered with nothing else."""
    events = []
    for event in read(story("released")).events:
        payload = poisoned(event.payload, HOSTILE)
        if "verdict" in event.payload:  # what is counted must be a verdict for the boxes to be drawn
            payload["verdict"] = event.payload["verdict"]
        about = {"seq": event.seq, "time": event.time, "kind": event.kind, "prev": event.prev}
        check = f"{event.check}.{HOSTILE}" if event.check else ""
        events.append(Event(**about, gate=event.gate, check=check, payload=payload))
    text = render(History(events=tuple(events)), change, GATES, form=form, language="pt-BR")
    assert "{{ 1234567" in text  # template code as it was written ...
    assert not re.search(r"\b8\D?641\D?969\b", text)  # ... and not what it comes to
    if form == "json":
        json.loads(text)
    else:
        shown = re.sub(r"(?s)```text\n.*?\n```|`[^`\n]+`", "", text) if form == "md" else text  # code is text
        assert FORBIDDEN.search(shown.replace("\\<", "&lt;")) is None
    if form == "junit":
        ET.fromstring(text)  # noqa: S314 - our own report


def test_ten_megabytes_in_one_field_are_quick(story, change):
    """Also where they came past the chain's own limit: a long text is cut before anything else is done with it."""
    events = read(story("stopped")).events
    huge = "W" * 10_000_000
    events = tuple(
        Event(seq=e.seq, time=e.time, gate=e.gate, check=e.check, kind=e.kind, prev=e.prev,
              payload=e.payload | {"sentence": huge, "query": huge, "note": huge})
        for e in events
    )  # fmt: skip
    began = time.process_time()
    html = render(History(events=events), change, GATES, language="en")
    assert len(html) <= LARGEST_PAGE
    assert time.process_time() - began < 20  # far above what it takes; a minute would mean that each is read through
