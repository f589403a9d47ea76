"""What gates record in fixed words stands in the reader's language; what was measured is quoted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from releasegate.evidence import Chain, Folder, Kind
from releasegate.plugin.gates import GATES
from releasegate.report import write_report
from releasegate.report.languages import language

sys.path.insert(0, str(Path(__file__).parent))
from recorded import claims, reasons

EVERYTHING = claims() | reasons()
IN_PORTUGUESE = "estas imagens desaparecem da caixa de entrada no momento em que o frontend novo entra no ar"
WHY = "these pictures disappear from the inbox the moment the new frontend is live"


def test_the_sources_are_really_read():
    """The names of the gates' tests, and the reasons and remedies of the checks."""
    assert "every old picture is still there" in claims()
    assert WHY in reasons()
    assert len(claims()) > 100
    assert len(reasons()) > 200


def test_every_fixed_sentence_is_there_in_portuguese():
    """One that is new goes into languages/recorded_pt_BR.po."""
    missing = sorted(text for text in EVERYTHING if not language("pt-BR").recorded(text))
    assert missing == []


def test_no_translation_is_left_over():
    """The catalog holds nothing that no gate records any more."""
    assert sorted(set(language("pt-BR")._recorded) - EVERYTHING) == []


@pytest.mark.parametrize(
    ("name", "claim", "why"),
    [
        ("en", '<span lang="en">every old picture is still there</span>', f'<span lang="en">{WHY}</span>'),
        (
            "pt-BR",
            '<span lang="pt-BR">todas as imagens antigas continuam lá</span>',
            f'<span lang="pt-BR">{IN_PORTUGUESE}</span>',
        ),
    ],
)
def test_a_finding_in_the_reader_s_language(tmp_path, change, name, claim, why):
    """Claim and reason are translated; want, have and a remedy with values are quoted, and marked as English."""
    finding = {"check": "backfill/every-row", "subject": "messages", "want": "7 rows", "have": "6 do", "why": WHY,
               "fix": "run the backfill of 3 rows again", "run": "psql"}  # fmt: skip
    with Chain.open(Folder(tmp_path)) as chain:
        chain.append(Kind.PLAN, "backfill", "backfill/every-row", title="every old picture is still there")
        chain.append(Kind.START, "backfill")
        chain.append(Kind.VERDICT, "backfill", "backfill/every-row", verdict="FAIL", sentence="x", findings=[finding])
        chain.append(Kind.END, "backfill", verdict="FAIL", sentence="NO-GO: x")
    html = write_report(Folder(tmp_path), change, GATES, language=name).read_text("utf-8")
    assert claim in html
    assert why in html
    for quoted in ("7 rows", "6 do", "run the backfill of 3 rows again"):
        assert f'<span lang="en">{quoted}</span>' in html
