"""What the checks around the rows say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.change.models import Duration, TypeCase
from releasegate.checks import backfill as checks
from releasegate.core import Verdict
from releasegate.core.facts.rows import ReadBack, Spot, Stored
from releasegate.core.url_rule import accepted_types

SOURCE = "runbook 4.5"
CASES = (
    TypeCase(source=SOURCE, endings=("jpg", "png"), types=("image",)),
    TypeCase(source=SOURCE, column="kind", values=("video",), types=("video", "clip")),
)
SPOT = Spot(id="7", source="https://x/a.JPG?w=1", url="https://x/a.JPG?w=1", type="image", fields={"kind": "text"})


def only(judgement):
    (finding,) = judgement.findings
    return finding


@pytest.mark.parametrize(
    ("url", "kind", "types"),
    [
        ("https://x/a.jpg", "video", ("image",)),
        ("https://x/a.PNG#top?x", "text", ("image",)),
        ("https://x/a.jpg/", "text", ("image",)),
        ("https://x/a.jpg%3F", "text", None),
        ("https://x/ajpg", "text", None),
        ("https://x.jpg", "text", None),
        ("https://x/?a=b.jpg", "text", None),
        ("https://x/b", "video", ("video", "clip")),
        ("", None, None),
    ],
)
def test_the_first_case_that_fits_decides_the_type(url, kind, types):
    assert accepted_types(CASES, url, {"kind": kind}) == types


def test_a_case_without_conditions_takes_what_is_left():
    rest = TypeCase(source=SOURCE, types=("file",))
    assert accepted_types((*CASES, rest), "https://x/b", {}) == ("file",)


def spots(*found, least=1):
    return checks.spots_are_right(found, CASES, source=SOURCE, least=least)


@pytest.mark.parametrize(
    ("urls", "verdict"),
    [
        (("u", "u"), Verdict.WARN),
        (("u", "v", "u"), Verdict.WARN),
        (("u", "v"), Verdict.PASS),
        ((None, None), Verdict.PASS),
        ((), Verdict.PASS),
    ],
)
def test_a_row_that_holds_an_address_twice_is_told(urls, verdict):
    """What a backfill leaves that ran twice and appends: every row is right, and people see each picture twice."""
    held = (Stored(id="7", urls=urls),)
    assert checks.spots_are_right((SPOT,), CASES, source=SOURCE, least=1, held=held).verdict is verdict


@pytest.mark.parametrize("spot", [SPOT, replace(SPOT, source="u", url="u", type="whatever")])
def test_a_right_row_and_one_that_no_case_decides_pass(spot):
    assert spots(spot).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("changed", "have"),
    [
        ({"url": "https://x/b.jpg"}, "url https://x/b.jpg, type image"),
        ({"url": None, "type": None}, "url none, type none"),
        ({"type": "video"}, "url https://x/a.JPG?w=1, type video"),
    ],
)
def test_a_wrong_row_is_a_finding(changed, have):
    judgement = spots(replace(SPOT, **changed))
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)
    assert only(judgement).want == "url https://x/a.JPG?w=1, type image (runbook 4.5)"


def test_no_spot_is_inconclusive_unless_none_is_needed():
    assert spots().verdict is Verdict.INCONCLUSIVE
    assert spots(least=0).verdict is Verdict.NOT_APPLICABLE


TABLE = (Duration(up_to_rows=10_000, seconds=3), Duration(up_to_rows=50_000, seconds=15))


def took(*durations, rows=10_000):
    return checks.took_as_long_as_expected(durations, rows, TABLE, source="runbook 4.1")


@pytest.mark.parametrize(("seconds", "rows"), [(6.0, 10_000), (16.0, 10_001)])
def test_up_to_twice_the_expected_time_passes(seconds, rows):
    assert took(seconds, rows=rows).verdict is Verdict.PASS


def test_more_than_twice_is_a_warning():
    judgement = took(60.0, 6.1)
    assert (judgement.verdict, only(judgement).have) == (Verdict.WARN, "6.1 s")
    assert only(judgement).want == "about 3.0 s for 10 000 rows (runbook 4.1)"


def test_no_record_and_no_line_leave_nothing_to_judge():
    assert took().verdict is Verdict.NOT_APPLICABLE
    assert took(1.0, rows=50_001).verdict is Verdict.NOT_APPLICABLE


READ = ReadBack(conversation="c", said="200", is_answered=True, urls={"1": ("u",), "2": ()}, run="curl …")
STORED = (Stored(id="1", urls=("u",)), Stored(id="9", urls=("z",)))


def agree(*read, stored=STORED):
    return checks.api_agrees(read, stored, source="runbook 6.5", strata=3)


def test_an_api_that_shows_what_is_stored_passes():
    judgement = agree(READ)
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == (
        "1 message with media in 1 conversation come back as stored; 3 kinds of old media covered"
    )


def test_a_conversation_that_is_refused_is_a_finding():
    judgement = agree(READ, ReadBack(conversation="d", said="500", is_answered=False, urls={}, run="curl d"))
    assert str(only(judgement)) == (
        "backfill/api-agrees: conversation d\n"
        "  want: the API answers with its messages (runbook 6.5)\n"
        "  have: 500\n"
        "  why:  the backend refuses what the backfill wrote: this conversation cannot be opened\n"
        "  fix:  read the backend's log for the message that it does not accept; correct that row\n"
        "  run:  curl d"
    )


TWO = (Stored(id="1", urls=("u",)), Stored(id="2", urls=("v",)))


@pytest.mark.parametrize(
    ("shown", "have"),
    [
        ((), "no attachments; 1 message so here"),
        (None, "no attachments; 1 message so here"),
        (("v", "w"), "2 attachments; 1 message so here"),
        (("w",), "another url; 1 message so here"),
    ],
)
def test_a_message_that_comes_back_otherwise_is_a_finding(shown, have):
    judgement = agree(replace(READ, urls={"1": ("u",), "2": shown}), stored=TWO)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


@pytest.mark.parametrize(
    ("match", "stored", "shown", "agrees"),
    [
        ("equal", "https://x/a.jpg", "https://x/a.jpg", True),
        ("equal", "https://x/a.jpg", "https://x/a.jpg?sig=1", False),
        ("same-path", "https://x/a.jpg?w=1", "https://cdn/a.jpg?sig=1", True),
        ("same-path", "https://x/a.jpg", "https://x/b.jpg", False),
        ("same-path", "https://x", "https://y", False),
        ("same-path", "http://[x/a.jpg", "https://x/a.jpg", False),
        ("ends-with", "https://x/a.jpg", "/proxy?u=https://x/a.jpg", True),
        ("ends-with", "https://x/media/a.jpg", "/media/a.jpg", True),
        ("ends-with", "https://x/a.jpg", "https://x/a.jpg?sig=1", False),
        ("ends-with", "https://x/a.jpg", "", False),
    ],
)
def test_urls_agree_as_the_change_file_says(match, stored, shown, agrees):
    """One more message that agrees by any rule, so that it is not taken for an API that rewrites every url."""
    found = (Stored(id="1", urls=("u",)), Stored(id="2", urls=(stored,)))
    read = replace(READ, urls={"1": ("u",), "2": (shown,)})
    judgement = checks.api_agrees([read], found, source="runbook 6.5", strata=1, match=match)
    assert judgement.verdict is (Verdict.PASS if agrees else Verdict.FAIL)


def test_an_api_that_rewrites_every_url_is_a_warning():
    assert agree(replace(READ, urls={"1": ("s/u",), "2": ("s/v",)}), stored=TWO).verdict is Verdict.WARN


def test_an_api_that_shows_each_message_the_attachment_of_another_does_not_rewrite():
    assert agree(replace(READ, urls={"1": ("v",), "2": ("u",)}), stored=TWO).verdict is Verdict.FAIL


def test_a_conversation_that_is_not_answered_is_told_though_nothing_else_can_be():
    refused = replace(READ, conversation="d", is_answered=False, said="500", urls={})
    judgement = agree(replace(READ, urls={"1": None, "2": None}), refused, stored=TWO)
    assert (judgement.verdict, judgement.findings[0].have) == (Verdict.FAIL, "500")


def test_an_api_whose_attachments_are_nowhere_to_be_read_is_inconclusive():
    judgement = agree(replace(READ, urls={"1": None, "2": None}), stored=TWO)
    assert (judgement.verdict, "[reading]" in judgement.sentence) == (Verdict.INCONCLUSIVE, True)


def test_messages_that_the_api_does_not_list_are_inconclusive():
    assert agree(replace(READ, urls={"5": ("x",)})).verdict is Verdict.INCONCLUSIVE
