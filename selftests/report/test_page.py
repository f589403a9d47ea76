"""The page says what the events say, opens without network or script, and survives whatever a deployment answered."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest

from releasegate.change.models import Change, Item, Step, Text
from releasegate.core.gate import Gate
from releasegate.evidence import Chain, Folder, Kind, read
from releasegate.plugin.gates import GATES
from releasegate.report import render, write_report
from releasegate.report.blobs import LARGEST_PICTURE, from_folder
from releasegate.report.dossier import dossier
from releasegate.report.languages import language
from releasegate.report.views import Dossier, State

MARKUP = "</style><script>alert(1)</script><img src=x onerror=alert(2)>{{ 1234567*7 }}"
HOSTILE = f"{MARKUP}\u202egnp.exe\x00\x1b[31mred\u2028\udc80"
GATE = Gate(marker="backup", phase="preflight", question="could we restore this?", runbook="step 1")


def item(name: str, en: str, pt_br: str, **bound) -> Item:
    return Item(id=name, gate="backup", text=Text(en=en, pt_br=pt_br), source="runbook 1", **bound)


SMALL = Change(
    id="CHANGE-1",
    title=Text(en="A small change", pt_br="Uma mudança pequena"),
    document="runbook.md",
    steps=(Step(item="list", source="runbook 1"),),
    checklist=(
        item("dump", "Dump made", "Dump feito", checks=("backup/dump",)),
        item("listed", "Dump listed", "Dump listado", steps=("list",)),
        item("told", "Team told", "Equipe avisada", manual=True),
        item("read", "Read", "Lido", manual=True, required=False),
    ),
)


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path / "evidence")


def write(folder: Folder, verdict: str = "PASS", *, open_items=(), measure=None, **about) -> None:
    """Write one closed run of the small change's one gate."""
    with Chain.open(folder) as chain:
        chain.append(Kind.PLAN, "backup", "backup/dump", title="the dump is complete")
        chain.append(Kind.START, "backup", target={"name": "prod"})
        if measure:
            blobs = {name: chain.keep(data, name) for name, data in measure.pop("blobs", {}).items()}
            chain.append(Kind.MEASURE, "backup", "backup/dump", blobs=blobs, **measure)
        chain.append(Kind.VERDICT, "backup", "backup/dump", verdict=verdict, **about)
        chain.append(Kind.END, "backup", verdict=verdict, open_items=list(open_items))


def built(folder: Folder, gates=(GATE,), change: Change = SMALL) -> Dossier:
    return dossier(read(folder), change, gates, language("en"), read_blob=from_folder(folder.root))


def page(folder: Folder) -> str:
    return write_report(folder, SMALL, (GATE,), language="en").read_text(encoding="utf-8")


def boxes(folder: Folder) -> dict[str, State]:
    return {box.id: box.state for box in built(folder).gates[0].boxes}


@pytest.mark.parametrize(
    ("name", "word"), [("released", "GO"), ("stopped", "NO-GO"), ("rolled_back", "ROLLBACK")]
)  # fmt: skip
def test_the_first_word_is_the_state_of_the_release(story, change, name, word):
    """A release that went well, one that was stopped, one that was taken back."""
    assert dossier(read(story(name)), change, GATES, language("en")).headline.word == word


@pytest.mark.parametrize(
    ("verdict", "word"),
    [("PASS", "GO"), ("WARN", "GO"), ("N/A", "GO"), ("FAIL", "NO-GO"), ("INCONCLUSIVE", "CANNOT TELL"),
     ("ERROR", "CANNOT TELL"), ("NOT_RUN", "CANNOT TELL"), ("BLOCKED", "BLOCKED"), ("nonsense", "CANNOT TELL")],
)  # fmt: skip
def test_every_verdict_has_its_word(folder, verdict, word):
    """Only what opens says GO."""
    write(folder, verdict)
    assert built(folder).headline.word == word


def test_a_failure_once_the_frontend_is_out_says_rollback(folder):
    """From the frontend's gate on, a FAIL means the way back."""
    with Chain.open(folder) as chain:
        chain.append(Kind.START, "smoke")
        chain.append(Kind.VERDICT, "smoke", "smoke/viewer", verdict="FAIL")
        chain.append(Kind.END, "smoke", verdict="FAIL")
    assert built(folder, GATES).headline.word == "ROLLBACK"


def test_a_release_begun_again_after_a_rollback_is_judged_by_its_new_gates(tmp_path, change):
    """What failed before the way back no longer decides; the undone gates are to be done again."""
    with Chain.open(Folder(tmp_path)) as chain:
        for gate, verdict, about in (
            ("preflight", "PASS", {}), ("backup", "PASS", {}), ("backend", "FAIL", {}),
            ("rollback", "PASS", {"rollback": "code"}), ("preflight", "PASS", {}),
        ):  # fmt: skip
            chain.append(Kind.START, gate, **about)
            chain.append(Kind.VERDICT, gate, f"{gate}/c", verdict=verdict)
            chain.append(Kind.END, gate, verdict=verdict)
    headline = dossier(read(Folder(tmp_path)), change, GATES, language("en")).headline
    assert (headline.word, headline.why) == ("GO", "2 of 10 gates hold. Next: backend (step 2).")


def test_nothing_run_cannot_tell(folder):
    """No event, no GO."""
    assert built(folder).headline.word == "CANNOT TELL"


def test_damaged_evidence_cannot_tell(folder):
    """A chain that was edited says so at the top, whatever its verdicts are."""
    write(folder)
    folder.events.write_bytes(folder.events.read_bytes().replace(b"complete", b"Complete"))
    assert built(folder).headline.word == "CANNOT TELL"
    assert "does not carry the hash of the line before it" in page(folder)


def test_a_run_that_never_ended_cannot_tell(folder):
    """A killed run leaves its gate undecided, though all its checks passed."""
    with Chain.open(folder) as chain:
        chain.append(Kind.START, "backup")
        chain.append(Kind.VERDICT, "backup", "backup/dump", verdict="PASS")
    assert built(folder).headline.word == "CANNOT TELL"
    assert "This run never ended" in page(folder)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [("PASS", State.TICKED), ("WARN", State.TICKED), ("FAIL", State.CROSSED), ("N/A", State.NOT_APPLICABLE),
     ("ERROR", State.UNCLEAR), ("INCONCLUSIVE", State.UNCLEAR), ("BLOCKED", State.UNCLEAR), ("NOT_RUN", State.EMPTY)],
)  # fmt: skip
def test_a_box_is_what_its_check_says(folder, verdict, state):
    """Ticked only where something was measured and holds."""
    write(folder, verdict)
    assert boxes(folder)["dump"] is state


def test_a_box_is_waived_until_the_waiver_ends(folder):
    """A named person's word gives a box its own mark, and is quoted."""
    write(folder, "FAIL")
    with Chain.open(folder) as chain:
        chain.append(Kind.WAIVER, "backup", "backup/dump", by="Rui", reason="known.", until="2999-01-01")
    assert boxes(folder)["dump"] is State.WAIVED
    check = built(folder).gates[0].checks[0]
    assert check.waiver == "Rui signed this off until 2999-01-01: known. Measured: FAIL."


def test_manual_boxes_stay_empty_until_somebody_attests_them(folder):
    """Nobody's word is never a tick; the command to give it stands beside the box."""
    write(folder)
    box = next(box for box in built(folder).gates[0].boxes if box.id == "told")
    assert (box.state, box.command) == (State.EMPTY, "./gate attest told --by WHO --target FILE")
    with Chain.open(folder) as chain:
        chain.append(Kind.ATTEST, "backup", item="told", by="Ana", note="in the channel")
        chain.append(Kind.ATTEST, "backup", item="dump", by="Ana")  # not manual: a word does not replace a check
    assert boxes(folder) == {
        "dump": State.TICKED, "listed": State.EMPTY, "told": State.ATTESTED, "read": State.EMPTY,
    }  # fmt: skip


@pytest.mark.parametrize(("exit_codes", "state"), [([0], State.TICKED), ([1], State.CROSSED), ([1, 0], State.TICKED)])
def test_a_box_of_a_command_is_what_its_last_run_says(folder, exit_codes, state):
    """A command that was done again counts as it went then."""
    with Chain.open(folder) as chain:
        for code in exit_codes:
            chain.append(Kind.STEP, item="list", command="pg_restore --list", exit_code=code, output="TABLE messages")
    assert boxes(folder)["listed"] is state


def test_what_was_not_checked_is_listed(folder):
    """Gates not run, checks without a verdict, boxes nobody filled, and what nobody promised."""
    write(folder, "INCONCLUSIVE", sentence="saw 0 rows; at least 1 is needed to tell")
    listed = dict(built(folder, GATES).unchecked)
    assert listed["backup/dump"] == "INCONCLUSIVE: saw 0 rows; at least 1 is needed to tell"
    assert listed["Team told"] == "nobody has attested this"
    assert listed["smoke"] == "this gate has not been run"
    assert "everything that no release document promises" in listed


@pytest.mark.parametrize("name", ["en", "pt-BR"])
def test_every_box_of_the_runbook_is_on_the_page_in_both_languages(story, change, name):
    """Nothing of the checklist is lost, and each box has a mark."""
    html = write_report(story("released"), change, GATES, language=name).read_text(encoding="utf-8")
    assert html.count('<li class="box">') == len(change.checklist)
    assert ET.fromstring(re.search(r"<svg class=\"plot\".*?</svg>", html)[0]).attrib["role"] == "img"  # noqa: S314 - our own page
    assert f'<html lang="{name}">' in html


def test_evidence_is_shown_once_and_linked_from_other_boxes(story, change):
    """A check that stands behind four boxes is on the page in full once."""
    html = render(read(story("released")), change, GATES, language="en")
    ids = re.findall(r'<details[^>]* id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'class="\w+" href="#([^"]+/[^"]+)"', html)) <= set(ids)


def test_the_same_events_give_the_same_page(story, change):
    """Nothing of today, of this machine or of chance is on the page."""
    history = read(story("released"))
    assert render(history, change, GATES, language="en") == render(history, change, GATES, language="en")


def test_the_page_forbids_network_and_scripts(story, change):
    """A policy without sources, no script, no address to load from."""
    html = render(read(story("released")), change, GATES, language="en")
    assert "default-src 'none'; style-src 'sha256-" in html
    assert "<script" not in html
    assert not re.findall(r'(?:src|href)="(?!data:image/|#)[^"]*"', html)


@pytest.mark.parametrize("form", ["html", "json", "junit", "md"])
def test_hostile_text_stays_text_in_every_format(folder, form):
    """Markup, template code, controls, marks that turn a line: whatever the deployment answered is shown as text."""
    finding = dict.fromkeys(("check", "subject", "want", "have", "why", "fix", "run"), HOSTILE)
    measure = {"value": {HOSTILE: HOSTILE, "samples": {HOSTILE: [1, 2, 3, 4, 5]}}, "unit": HOSTILE, "rows": 1,
               "query": HOSTILE, "duration_s": 1, "blobs": {f"{HOSTILE}.png": b"\x89PNG no picture"}}  # fmt: skip
    write(folder, "FAIL", sentence=HOSTILE, findings=[finding], traceback=HOSTILE, measure=measure)
    with Chain.open(folder) as chain:
        chain.append(Kind.ATTEST, "backup", item="told", by=HOSTILE, note=HOSTILE)
        chain.append(Kind.STEP, item="list", command=HOSTILE, exit_code=HOSTILE, output=HOSTILE)
    text = render(read(folder), SMALL, (GATE,), form=form, language="en", read_blob=from_folder(folder.root))
    assert not re.search("[\x00\x1b\u202e\u2028]", text) or form == "json"
    assert re.search(r"\{\{ 1234567\\?\*7 \}\}", text)  # as it was written; Markdown may escape the star
    assert not re.search(r"\b8\D?641\D?969\b", text)  # nor what it comes to
    if form == "html":
        assert "<script" not in text
        assert "<img" not in text
    if form == "junit":
        ET.fromstring(text)  # noqa: S314 - our own report
    if form == "json":
        json.loads(text)


def test_ten_megabytes_in_one_line_are_cut_and_the_cut_is_stated(folder):
    """A page stays small, and says how much is missing."""
    write(folder, sentence="x" * 10_000_000, measure={"value": "y" * 10_000_000, "query": "z" * 10_000_000})
    html = page(folder)
    assert len(html) < 120_000
    assert "[6\u202f000 / 200\u202f0" in html


def test_a_picture_over_the_budget_is_named_with_its_size(folder):
    """A screenshot that is too large is not shown, and the page says where it is."""
    large = b"\x89PNG\r\n" + b"\x00" * LARGEST_PICTURE
    write(folder, measure={"value": 1, "blobs": {"page.png": large}})
    picture = built(folder).gates[0].checks[0].measures[0].pictures[0]
    assert picture.source is None
    assert picture.note.startswith("not shown here, 600 kB: blobs/")


def test_a_blob_outside_the_folder_is_not_read(folder, tmp_path):
    """A path in an event never leads out of the evidence."""
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\nsecret")
    write(folder)
    assert from_folder(folder.root)("blobs/../../secret.png") is None
    assert from_folder(folder.root)("../secret.png") is None


def test_earlier_attempts_stay_visible(folder):
    """A gate that failed first and passed then shows both."""
    write(folder, "FAIL", sentence="3 rows are missing")
    write(folder, "PASS", sentence="all rows are there")
    assert built(folder).headline.word == "GO"
    assert "3 rows are missing" in page(folder)


def test_junit_counts_what_could_not_tell_as_an_error(story, change):
    """CI sees failures, errors and skipped apart."""
    root = ET.fromstring(render(read(story("stopped")), change, GATES, form="junit", language="en"))  # noqa: S314 - ours
    suite = next(suite for suite in root if suite.get("name") == "backfill")
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("1", "1", "0")
    assert [each.get("name") for each in root] == ["preflight", "backup", "backend", "migration", "backfill"]


def test_markdown_fits_a_ticket(story, change):
    """The comment starts with the word, and carries finding, ticket line and boxes."""
    text = render(read(story("stopped")), change, GATES, form="md", language="pt-BR")
    assert text.startswith("## NO-GO: Respostas a mensagens e anexos\n")
    assert "backfill/every-row: messages\n  want: 500 000 rows" in text
    assert "- [✗] media\\_url == attachment\\_url" in text or "- [✗]" in text
