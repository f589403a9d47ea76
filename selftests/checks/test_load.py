"""What is said of a load: of its generator, of its blocks, in numbers, and while it runs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from releasegate.checks.after_load import memory_stayed
from releasegate.checks.endpoints import as_json, blocks, rows, so_far
from releasegate.checks.generator import generator_kept_up, own_trouble
from releasegate.checks.latency import Limit
from releasegate.checks.stall import no_block_above
from releasegate.core import Verdict
from releasegate.core.facts.latency import Sample
from releasegate.core.facts.load import LoadRun, Plan, Stop

LIMIT = Limit(ms=500, percentile=95, source="runbook 6.5")
RUNS = {"messages": "curl -sS -i http://inbox:3000/m"}


def plan(*, rate: float = 10, n: int = 100, warm_up: int = 0, **others: int) -> Plan:
    stop = Stop(error_share=0.2, latency_ms=5000)
    return Plan(counts={"messages": n, **others}, rate=rate, warm_up=warm_up, concurrent=100, stop=stop)


def sent(planned: Plan, *, slow: range = range(0), count: int | None = None, lag: float = 1.0) -> LoadRun:
    """Return the load of a plan: 20 ms each, 900 ms where the number of the arrival is in `slow`."""
    samples = tuple(
        Sample(name, number / planned.rate, lag, 900 if number in slow else 20, 200, 100,
               is_warm_up=number < planned.warm_up)
        for number, name in enumerate(planned.turns[:count])
    )  # fmt: skip
    return LoadRun(plan=planned, samples=samples)


def cut(run: LoadRun, *, at: int, why: str = "10 of the last 20 requests were errors") -> LoadRun:
    return replace(run, samples=run.samples[:at], stopped=why, stopped_at_s=at / run.plan.rate)


FINE = "100 requests at 10.0/s of 10/s planned, 1 ms late (p95), 0% of a core"
SHARE_IT = "lower [load] requests_per_second, or share it among [load] workers"
THOUSAND = plan(n=1000)


@pytest.mark.parametrize(
    ("run", "verdict", "sentence"),
    [
        (sent(plan()), Verdict.PASS, FINE),
        (sent(THOUSAND, count=999), Verdict.PASS, f"999{FINE[3:]}"),
        (
            sent(THOUSAND, count=998),
            Verdict.INCONCLUSIVE,
            "the load generator lost 2 of 1000 requests; run it on a machine with more time to spare",
        ),
        (
            sent(plan(), count=94),
            Verdict.INCONCLUSIVE,
            "the load generator sent 9.4 of 10 requests per second; run it on a freer machine",
        ),
        (sent(plan(), lag=50), Verdict.PASS, FINE.replace("1 ms", "50 ms")),
        (
            sent(plan(), lag=51),
            Verdict.INCONCLUSIVE,
            "the load generator itself was 51 ms late (p95); run it on a machine with more time to spare",
        ),
        (replace(sent(plan()), cpu_share=0.8), Verdict.PASS, FINE.replace("0%", "80%")),
        (
            replace(sent(plan()), cpu_share=0.81),
            Verdict.INCONCLUSIVE,
            f"the load generator took 81% of a core, more than 80%; {SHARE_IT}",
        ),
        (sent(plan(), count=0), Verdict.INCONCLUSIVE, "no request was sent"),
        (
            cut(sent(plan()), at=20),
            Verdict.PASS,
            f"20{FINE[3:]}; ended early: 10 of the last 20 requests were errors",
        ),
    ],
)  # fmt: skip
def test_the_generator_is_judged_first(run, verdict, sentence):
    """Too slow or too late by itself, it says nothing about the deployment; a load that was stopped was sent well."""
    judgement = generator_kept_up(run, LIMIT)
    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)
    assert bool(own_trouble(run, LIMIT)) is (verdict is Verdict.INCONCLUSIVE)


def test_a_load_of_nothing_is_the_endpoints_trouble():
    """Without a request planned the generator did nothing wrong; nor was anything seen."""
    run = LoadRun(plan=plan(n=0), samples=())
    assert own_trouble(run, LIMIT) == ""
    assert generator_kept_up(run, LIMIT).verdict is Verdict.INCONCLUSIVE


def test_a_stall_is_not_averaged_away():
    """Three seconds of 300 stand still: 1 % of all requests, a third of one block."""
    run = sent(plan(rate=10, n=3000), slow=range(1205, 1235))
    (finding,) = no_block_above("perf/no-stall", run, LIMIT, RUNS).findings
    assert str(finding) == (
        "perf/no-stall: messages, second 120 to 130\n"
        "  want: 95 % of the requests below 500 ms, also in every 10 s (runbook 6.5)\n"
        "  have: 30 of 100 not below 500 ms, the longest 900 ms; 13 or more are too many for chance\n"
        "  why:  everybody who asks in such a while waits, however fast the rest of the minute is\n"
        "  fix:  look for what happened then: a lock, a checkpoint, a garbage collection, a pool that ran dry\n"
        "  run:  curl -sS -i http://inbox:3000/m"
    )


def test_a_short_hiccup_in_a_long_load_is_none():
    """With thirty blocks, 12 slow ones of 100 come about by chance; ten would fail alone."""
    run = sent(plan(rate=10, n=3000), slow=range(1205, 1217))
    judgement = no_block_above("perf/no-stall", run, LIMIT, RUNS)
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS,
        "30 blocks of 10 s or a little more, none above the limit by itself",
    )


def test_what_the_kill_switch_kept_back_stood_not_still():
    """The blocks that were never sent are not judged; the percentile counts them."""
    run = cut(sent(plan(rate=10, n=3000)), at=150)
    assert [block["messages"].planned for block in run.blocks[:3]] == [100, 51, 0]
    assert no_block_above("perf/no-stall", run, LIMIT, RUNS).verdict is Verdict.PASS
    assert run.series["messages"].slow(500) == 2850


def test_nothing_sent_is_no_block_that_held():
    """Zero requests are no pass."""
    empty = LoadRun(plan=plan(n=0), samples=())
    assert no_block_above("perf/no-stall", empty, LIMIT, RUNS).verdict is Verdict.INCONCLUSIVE


def test_the_warm_up_is_dropped_and_counted():
    """The first arrivals are in the evidence and in no verdict; the blocks begin behind them."""
    run = sent(plan(n=300, warm_up=20), slow=range(20))
    assert run.series["messages"].slow(500) == 0
    assert run.shown(500)["dropped_warm_up"] == 20
    assert [block["messages"].planned for block in run.blocks] == [100, 100, 100]


def test_endpoints_are_mixed_evenly():
    """Two of three arrivals are messages, at any time of the load."""
    turns = plan(n=200, health=100).turns
    assert [turns[at : at + 30].count("health") for at in range(0, 300, 30)] == [10] * 10


def test_the_numbers_of_each_endpoint():
    """n, percentiles, the two bounds, the verdict, and what it would take."""
    found = rows(sent(plan(n=300), slow=range(12)).series, LIMIT)["messages"]
    assert {key: value for key, value in found.items() if key != "quantiles_ms"} == {
        "n": 300, "answered": 300, "errors": 0, "slow": 12, "p50": 20, "p90": 20, "p95": 20, "p99": 900, "max": 900,
        "passes_up_to": 8, "fails_from": 22, "verdict": "cannot tell", "needed": 1400,
    }  # fmt: skip


def test_the_numbers_are_json_too():
    """Everything that the report shows of a load can be read by another program."""
    run = sent(plan(rate=10, n=300))
    document = json.loads(as_json(run, rows(run.series, LIMIT), blocks(run, LIMIT), LIMIT))
    assert document["endpoints"]["messages"]["verdict"] == "below"
    assert [block["messages"]["n"] for block in document["blocks"]] == [100, 100, 100]
    assert "quantiles_ms" not in document["blocks"][0]["messages"]


@pytest.mark.parametrize(
    ("count", "slow", "line"),
    [
        (0, 0, "30 s left: 0 of 300 requests, 0 a second, 0 slow; too early to tell: messages"),
        (100, 0, "20 s left: 100 of 300 requests, 10 a second, 0 slow; below 500 ms: messages"),
        (100, 20, "20 s left: 100 of 300 requests, 10 a second, 20 slow; above 500 ms: messages"),
    ],
)
def test_how_it_is_going(count, slow, line):
    """Rate, slow ones, what the numbers say so far, and the time left."""
    assert so_far(sent(plan(n=300), slow=range(slow), count=count), count / 10, LIMIT) == line


MB = 1_000_000


@pytest.mark.parametrize(
    ("before", "after", "verdict", "sentence"),
    [
        (100 * MB, 299 * MB, Verdict.PASS, "the backend takes 0.3 GB, before the load 0.1 GB"),
        (100 * MB, 300 * MB, Verdict.WARN, "backend's memory: 0.3 GB, before it 0.1 GB"),
        (900 * MB, 1100 * MB, Verdict.PASS, "the backend takes 1.1 GB, before the load 0.9 GB"),
        (None, 300 * MB, Verdict.PASS, "how much memory the backend takes is not known here"),
        (300 * MB, None, Verdict.PASS, "how much memory the backend takes is not known here"),
    ],
)
def test_a_leak_shows_in_the_backend_s_memory(before, after, verdict, sentence):
    """Twice as much and 200 MB more is a warning; a heap that fills for the first time is none."""
    judgement = memory_stayed("perf/healthy-after-load", before, after, run="ps")
    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)
