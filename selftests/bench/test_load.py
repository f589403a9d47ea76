"""The load generator against an API whose latencies are known."""

from __future__ import annotations

import csv
import gzip
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from releasegate.checks.generator import generator_kept_up, own_trouble
from releasegate.checks.latency import Limit
from releasegate.core import CannotMeasure, Verdict
from releasegate.probes.load.aim import Aim, one_by_one
from releasegate.probes.load.order import order_of, read_samples
from releasegate.probes.load.plan import plan_for
from releasegate.probes.load.run import run
from releasegate.target.models import Load, Login

from .driving import Truth, aimed, load, numbers, planned, truths


@pytest.fixture
def truth(tmp_path: Path) -> Iterator[Truth]:
    """Return `truth("constant", 20)`: the API of a server that behaves so."""
    with truths(tmp_path) as start:
        yield start


@pytest.mark.parametrize(("ms", "is_slow"), [(300, False), (520, True)])
def test_a_constant_api_is_measured_as_it_is(truth, ms, is_slow):
    """No request is faster than the truth, none is rounded, and the limit of 500 ms lies between the two."""
    result = load(truth("constant", ms), count=60)
    times = {sample.latency_ms for sample in result.value.samples}
    assert min(times) >= ms
    assert len(times) > 20, "Locust's own numbers have two digits; these tell neighbours apart"
    assert (numbers(result)["p50"] >= 500) is is_slow


def test_every_eighth_slow_answer_is_counted(truth):
    """Of 200 requests 25 take 600 ms: about as many are slow, whatever the median says."""
    found = numbers(load(truth("bimodal", 20, 600, 0.125), rate=80, count=200))
    assert found["slow"] == pytest.approx(25, abs=5)
    assert found["p50"] < 500


def test_a_freeze_is_felt_by_all_who_arrive_in_it(truth):
    """A server that stands still for 1.5 s makes 60 arrivals a second wait: about 60 of them over 0.5 s."""
    found = numbers(load(truth("freeze", 20, 1000, 1500), rate=60, count=180))
    assert found["slow"] == pytest.approx(60, abs=15)
    assert found["p95"] > 1000, "waiting users would have shown 20"


def test_fast_errors_never_help(truth):
    """A 503 in no time is as slow as can be."""
    found = numbers(load(truth("fast-503", 20, 0.3), count=100))
    assert found["p50"] < 500, "the answers were fast"
    assert found["slow"] == found["errors"] == pytest.approx(30, abs=1)


def test_a_cut_connection_is_an_error_and_not_tried_again(truth):
    """Three in ten connections end without an answer: three in ten requests are errors."""
    found = numbers(load(truth("reset", 20, 0.3), count=100))
    assert found["errors"] == pytest.approx(30, abs=1)


def test_a_page_that_says_200_is_a_wrong_body(truth):
    """What holds no list of messages is no answer, however fast."""
    result = load(truth("wrong-body", 20), count=60)
    assert {sample.error for sample in result.value.samples} == {"wrong body"}
    assert numbers(result)["slow"] == 60


def test_no_answer_in_time_is_an_error(truth):
    """A request is given up at the target's time-out."""
    result = load(truth("constant", 5000, timeout="1s"), count=40)
    assert {sample.error[:9] for sample in result.value.samples} == {"no answer"}
    assert numbers(result)["slow"] == 40


def test_the_kill_switch_ends_a_load_that_only_breaks_things(truth):
    """Half the answers are errors and a fifth is allowed: after some 20 requests nothing more is sent."""
    began = time.monotonic()
    result = load(truth("fast-503", 20, 0.5), rate=20, count=600, stop=0.2)
    assert time.monotonic() - began < 15, "600 requests at 20/s would have taken 33 s"
    assert result.value.stopped == "10 of the last 20 requests were errors"
    assert 20 <= len(result.value.samples) <= 24
    assert numbers(result)["slow"] == 600, "what was planned and not sent is not below the limit"


def test_an_overloaded_generator_gives_no_verdict(truth):
    """5 000 requests a second are more than it can send: nothing is said about the API at 5 ms."""
    result = load(truth("constant", 5), rate=5000, count=1000)
    limit = Limit(ms=500, percentile=95, source="runbook 6.5")
    assert generator_kept_up(result.value, limit).verdict is Verdict.INCONCLUSIVE
    assert own_trouble(result.value, limit), "with it the gate measures nothing: it ends as ERROR"


def test_a_server_that_stands_still_ends_the_load(truth):
    """Nothing is answered for 30 s and 1 s is the longest that half of the requests may take: the load ends."""
    began = time.monotonic()
    result = load(truth("freeze", 20, 500, 30_000), rate=40, count=900, late=1000)
    assert time.monotonic() - began < 20, "900 requests at 40/s would have taken 22 s"
    assert re.fullmatch(r"\d+ requests have been waiting for 1 s or longer", result.value.stopped)
    assert numbers(result)["slow"] > 850, "what was planned and not sent is not below the limit"


def test_answers_that_take_too_long_end_the_load(truth):
    """Every answer takes 600 ms and half of them may not take 500: after some 20 answers nothing more is sent."""
    result = load(truth("constant", 600), rate=40, count=600, late=500)
    assert re.fullmatch(r"\d+ (of the last \d+ requests took|requests have been waiting for) 0\.5 s or longer",
                        result.value.stopped)  # fmt: skip
    assert len(result.value.samples) < 200


def test_no_more_wait_at_the_same_time_than_the_budget_allows(truth):
    """At 300 ms and 60/s some 18 would wait together; with 5 allowed most are kept back, slow, and no errors."""
    result = load(truth("constant", 300), rate=60, count=100, most=5)
    found = result.value.series["messages"]
    kept_back = sum(sample.is_unsent for sample in found.samples)
    assert kept_back > 50
    assert found.slow(500) == kept_back
    assert found.errors == 0


def test_the_load_is_shown_while_it_runs(truth):
    """About once a second: what has come so far, and for how long it has been sent."""
    seen: list[tuple[int, float]] = []
    api = truth("constant", 5)
    run(api, aimed(api), planned(rate=40, count=120), limit_ms=500,
        watcher=lambda so_far, sent_s: seen.append((len(so_far.samples), sent_s)))  # fmt: skip
    assert len(seen) >= 2
    assert seen == sorted(seen)
    assert 0 < seen[-1][0] <= 120


def test_the_raw_samples_are_kept(truth):
    """The blob holds every request, the warm-up marked."""
    result = load(truth("constant", 5), count=60)
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(result.blobs["samples.csv.gz"]).decode())))
    assert len(rows) == 66
    assert sum(row["is_warm_up"] == "True" for row in rows) == 6
    assert {row["status"] for row in rows} == {"200"}


def test_a_run_that_was_cut_off_is_no_run(tmp_path):
    """Samples without the last line mean that the generator died: nothing is judged."""
    plan = planned(rate=1, count=9)
    with pytest.raises(CannotMeasure, match="cut off after 0 of 9 requests"):
        read_samples(tmp_path / "none.jsonl", plan)


def test_a_generator_that_cannot_start_says_why(truth, monkeypatch):
    """The generator's last words are in the message."""
    api = truth("constant", 5)
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(CannotMeasure, match="ended with exit code 1"):
        load(api, count=10)


def test_the_token_is_in_no_command_line(truth):
    """The generator is told the token in a file that only its owner can read."""
    api = truth("constant", 5, login=Login(kind="token", token=SecretStr("tok-load-000001")))
    plan = planned(rate=50, count=10)
    assert order_of(api, aimed(api), plan)["headers"] == {"Authorization": "Bearer tok-load-000001"}
    result = run(api, aimed(api), plan, limit_ms=500)
    assert "tok-load" not in repr(result)


def test_one_user_asks_one_after_the_other(truth):
    """Fifty requests in a row, each timed by itself, no faster than the budget."""
    api = truth("constant", 5)
    result = one_by_one(api, aimed(api), Load(requests_per_second=40, total=500), count=20)
    assert result.rows == 20
    assert all(sample.latency_ms >= 5 and not sample.error for sample in result.value)
    assert result.duration_s >= 20 / 40


def test_messages_are_asked_of_conversations_that_the_api_shows(truth):
    """Twenty of the thirty, first and last among them."""
    urls = aimed(truth("constant", 5)).urls["messages"]
    assert len(set(urls)) == 20
    assert urls[0].endswith("/conversations/0/messages")
    assert urls[-1].endswith("/conversations/29/messages")


def aim_of(*names: str, weights: dict[str, int] | None = None, judged: tuple[str, ...] = ("messages",)) -> Aim:
    urls = dict.fromkeys(names or ("messages",), ("http://x/",))
    return Aim(promises={}, urls=urls, listing=None, judged=judged, weights=weights or {}, asked=25)


@pytest.mark.parametrize(
    ("budget", "counts", "warm_up"),
    [
        ({"total": 2000}, {"messages": 300}, 25),
        ({"total": 2000, "per_endpoint": 1000}, {"messages": 1000}, 25),
        ({"total": 255}, {"messages": 108}, 12),  # a small budget is kept, whatever the verdict needs
        ({"total": 60}, {"messages": 0}, 0),
    ],
)
def test_the_plan_stays_inside_the_budget(budget, counts, warm_up):
    """50 single requests, 25 that found the addresses and 60 afterwards are taken off first."""
    plan = plan_for(aim_of(), Load(requests_per_second=25, **budget), limit_ms=500)
    assert (plan.counts, plan.warm_up) == (counts, warm_up)
    assert plan.arrivals == 0 or plan.arrivals + 50 + 25 + 60 <= budget["total"]


def test_weights_share_the_load_and_each_judged_endpoint_gets_enough():
    """The judged endpoint with the least weight gets what one needs; the others get theirs in proportion."""
    aim = aim_of("messages", "conversations", "health", weights={"messages": 4, "conversations": 2, "health": 1},
                 judged=("messages", "conversations"))  # fmt: skip
    plan = plan_for(aim, Load(requests_per_second=50, total=5000, per_endpoint=100), limit_ms=500)
    assert plan.counts == {"messages": 200, "conversations": 100, "health": 50}
    assert plan.turns[plan.warm_up :].count("health") == 50
    half = plan.turns[plan.warm_up : plan.warm_up + 175]
    assert (half.count("messages"), half.count("conversations"), half.count("health")) == (100, 50, 25)


def test_few_at_the_same_time_make_a_lower_rate():
    """Ten at a time, each at the limit of 500 ms, are 20 a second: a good deployment is never kept back."""
    plan = plan_for(aim_of(), Load(requests_per_second=50, total=2000, concurrent=10), limit_ms=500)
    assert plan.rate == 20


def test_answers_that_keep_the_limit_never_end_a_load():
    """Half of the answers may take 5 s before it is ended, and twice the limit where that is longer."""
    budget = Load(requests_per_second=50, total=2000)
    assert plan_for(aim_of(), budget, limit_ms=500).stop.latency_ms == 5000
    assert plan_for(aim_of(), budget, limit_ms=8000).stop.latency_ms == 16_000
