"""Two hours of watching that nobody waited for: good ones of every kind, and ways to spoil them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from releasegate.change import load
from releasegate.checks.watch import Before, Watch
from releasegate.core import Judgement, Verdict, worst
from releasegate.core.facts.latency import Sample
from releasegate.core.facts.watch import (
    DatabaseLook,
    LogError,
    NewRows,
    PageLook,
    Round,
    ServiceLook,
    Statement,
    TableLook,
)
from releasegate.plugin.watching import promise_of

BEGAN = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
CHANGE = load(Path(__file__).parents[2] / "changes" / "feat-2025-20251103111429.toml").change
PROMISE = promise_of(CHANGE)
KNOWN = "ERROR «n» timeouts"
ROUNDS = 240
EVERY_S = 30.0
_PAGE_BLIP = 69  # the round in which some histories have a page that did not load once
_SHORT = 12  # rounds
OURS = LogError(part="backend", shape="ERROR no «text» in attachments", lines=2, names=("attachments",))
OTHER = LogError(part="backend", shape="ERROR the pool is empty", lines=3)


def watch(rounds: Iterable[Round], before: Before | None = None) -> Watch:
    """Return rounds as what is judged, on a release whose old errors are known."""
    known = Before(log_shapes={KNOWN}, page_shapes=frozenset())
    return Watch(rounds=tuple(rounds), promise=PROMISE, before=before or known, endpoints=("messages",))


def verdicts(rounds: Iterable[Round], before: Before | None = None) -> dict[str, Verdict]:
    """Return what every check says, coverage among them, by its name without the gate."""
    judged = watch(rounds, before)
    found = {check: worst(one.verdict for one in some) for check, some in judged.so_far().items()}
    found["monitoring/coverage"] = judged.coverage().verdict
    return {check.partition("/")[2]: verdict for check, verdict in found.items()}


def verdict_of(check: str, rounds: Iterable[Round], before: Before | None = None) -> Verdict:
    """Return what one check says."""
    return worst(one.verdict for one in judgements_of(check, rounds, before))


def judgements_of(check: str, rounds: Iterable[Round], before: Before | None = None) -> tuple[Judgement, ...]:
    """Return the judgements of one check."""
    judged = watch(rounds, before)
    said = {
        "health-stayed-good": judged.health, "latency-stayed-good": judged.latency, "error-rate": judged.error_rate,
        "errors-in-logs": judged.logs, "page-stayed-good": judged.page, "services-stayed-up": judged.services,
        "disk-stayed-free": judged.disk, "database-stayed-well": judged.database, "slow-queries": judged.statements,
        "new-rows-in-new-form": judged.new_rows,
    }[check]()  # fmt: skip
    return said if isinstance(said, tuple) else (said,)


def good(seed: int = 0, rounds: int = ROUNDS, every_s: float = EVERY_S) -> list[Round]:
    """Return a good history: noise, days that get busier, collectors, warm-ups, blips, a missed round now and then."""
    rng = random.Random(seed)  # noqa: S311  no secret
    latency, memory = _latencies(rng, rounds), _memory(rng, rounds)
    disk = _disk(rng, rounds)
    connections = _connections(rng, rounds)
    missed = set(_places(rng, rounds, 2))
    blips = {what: set(_places(rng, rounds, 2)) for what in ("health", "database", "slow", "log", "unread")}
    found = []
    for number in range(rounds):
        due_s = number * every_s
        late_s = rng.choice((0.0, 0.0, 0.1, 2.0))
        slow = number in blips["slow"]
        found.append(
            Round(
                number=number, planned=rounds, every_s=every_s, due_s=due_s, elapsed_s=due_s + late_s,
                at=BEGAN + timedelta(seconds=due_s + late_s), requests=21,
                health=503 if number in blips["health"] else 200,
                samples=tuple(_sample(rng, latency[number], slow=slow) for _ in range(20)),
                errors=None if number in blips["unread"] and number < rounds - 1 else tuple(_errors(rng)),
                log_lines=5,
                services=(
                    ServiceLook(part="backend", is_running=True, pid=11, since="2026-03-01T01:00:00+00:00",
                                restarts=0, memory_bytes=int(memory[number])),
                    ServiceLook(part="frontend", is_running=True, pid=12, since="2026-03-01T01:00:00+00:00",
                                restarts=0, memory_bytes=int(80e6 + rng.gauss(0, 1e6))),
                ),
                database=None if number in blips["database"] else _database(rng, number, connections[number]),
                database_error="connection refused" if number in blips["database"] else "",
                page=_page(rng, number, rounds) if number % 10 == 9 else None,
                disks={"/": int(disk[number])},
            )
        )  # fmt: skip
    return [one for one in found if one.number not in missed]


def _places(rng: random.Random, rounds: int, most: int) -> list[int]:
    """Return up to `most` rounds that lie far from each other."""
    step = max(1, rounds // (most + 1))
    return [rng.randrange(step * place, step * place + max(1, step // 2)) for place in range(rng.randint(0, most))]


def _latencies(rng: random.Random, rounds: int) -> list[float]:
    """Return the typical latency of each round: a level, a day that gets busier or quieter, and ups and downs."""
    level, busier = rng.uniform(4, 120), rng.uniform(-0.25, 0.25)
    values, wave = [], 0.0
    for number in range(rounds):
        wave = 0.9 * wave + rng.gauss(0, 0.04)
        values.append(level * (1 + busier * number / rounds) * math.exp(wave))
    return values


def _sample(rng: random.Random, level_ms: float, *, slow: bool) -> Sample:
    tail = rng.random() < 0.01
    latency_ms = rng.uniform(510, 900) if slow or tail else min(level_ms * math.exp(rng.gauss(0, 0.25)), 480.0)
    return Sample("messages", 0.0, 0.0, round(latency_ms, 1), 200, 2_000)


def _memory(rng: random.Random, rounds: int) -> list[float]:
    """Return resident bytes: flat, a collector's saw teeth, a warm-up that ends, or a step."""
    level = rng.uniform(60e6, 900e6)
    shape = rng.choice(("flat", "saw", "warm-up", "step"))
    tooth, ready, step = rng.randint(5, 40), rng.uniform(5, 30), rng.randrange(rounds)
    factor = {
        "flat": lambda _: 1.0,
        "saw": lambda number: 1 + 0.4 * (number % tooth) / tooth,
        "warm-up": lambda number: 1 + 0.9 * (1 - math.exp(-number / ready)),
        "step": lambda number: 1.3 if number > step else 1.0,
    }[shape]
    return [level * factor(number) * (1 + rng.gauss(0, 0.01)) for number in range(rounds)]


def _disk(rng: random.Random, rounds: int) -> list[float]:
    """Return free bytes: a little is used up, and now and then cleaned away."""
    free, pace, cleaned = rng.uniform(20e9, 400e9), rng.uniform(0, 2e6), rng.randint(30, 120)
    return [free - pace * (number % cleaned) + rng.gauss(0, 2e6) for number in range(rounds)]


def _connections(rng: random.Random, rounds: int) -> list[int]:
    level, values, wave = rng.uniform(5, 40), [], 0.0
    for _ in range(rounds):
        wave = 0.8 * wave + rng.gauss(0, 0.08)
        values.append(max(1, int(level * math.exp(wave))))
    return values


def _errors(rng: random.Random) -> Iterable[LogError]:
    if rng.random() < 0.05:
        yield LogError(part="backend", shape=KNOWN, lines=rng.randint(1, 4))


def _database(rng: random.Random, number: int, connections: int) -> DatabaseLook:
    statements = (
        Statement(id="1", text="SELECT * FROM messages WHERE conversation_id = $1", calls=1000 + 50 * number,
                  total_ms=(1000 + 50 * number) * 3.0),
    )  # fmt: skip
    return DatabaseLook(
        took_ms=8.0, connections=connections, most_connections=100,
        waiting=int(rng.random() < 0.02), longest_s=rng.expovariate(1.0),
        commits=number * 900, rollbacks=number * 9, deadlocks=0,
        tables={"messages": TableLook(size_bytes=10**9, live=10**6, dead=100, inserted=number)},
        statements=statements if number % 10 == 0 or number == ROUNDS - 1 else None,
        new_rows=NewRows(since="2026-03-01 02:00:00+00", total=number * 3, media=number, old_form=0),
    )  # fmt: skip


def _page(rng: random.Random, number: int, rounds: int) -> PageLook:
    if number == _PAGE_BLIP * rounds // ROUNDS and rng.random() < 0.3:
        return PageLook(status=502, took_ms=300.0)
    return PageLook(status=200, took_ms=rng.uniform(400, 2500))


Spoil = Callable[[Round], Round]


def spoilt(rounds: Iterable[Round], spoil: Spoil, begin: int = 0, end: int = ROUNDS, every: int = 1) -> list[Round]:
    """Return `rounds` with those of the numbers from `begin` to `end`, every so many, spoilt."""
    return [
        spoil(one) if begin <= one.number < end and (one.number - begin) % every == 0 else one for one in rounds
    ]  # fmt: skip


def slow(share: float, latency_ms: float = 800.0) -> Spoil:
    """Make the first `share` of each round's requests slow."""

    def spoil(one: Round) -> Round:
        many = round(share * len(one.samples))
        late = tuple(replace(sample, latency_ms=latency_ms) for sample in one.samples[:many])
        return replace(one, samples=late + one.samples[many:])

    return spoil


def failing(share: float) -> Spoil:
    """Make the first `share` of each round's requests fail, fast."""

    def spoil(one: Round) -> Round:
        many = round(share * len(one.samples))
        bad = tuple(replace(sample, status=503, error="503", latency_ms=3.0) for sample in one.samples[:many])
        return replace(one, samples=bad + one.samples[many:])

    return spoil


def slower_and_slower(factor: float) -> Spoil:
    """Make every request slower, up to `factor` times at the end."""

    def spoil(one: Round) -> Round:
        now = 1 + (factor - 1) * one.number / ROUNDS
        return replace(one, samples=tuple(replace(s, latency_ms=s.latency_ms * now) for s in one.samples))

    return spoil


def later_and_later(most_ms: float) -> Spoil:
    """Make every request take longer, by `most_ms` at the end."""

    def spoil(one: Round) -> Round:
        more = most_ms * one.number / ROUNDS
        return replace(one, samples=tuple(replace(s, latency_ms=s.latency_ms + more) for s in one.samples))

    return spoil


def looked_at(rounds: Iterable[Round], begin: int, end: int) -> tuple[int, int]:
    """Move a short trouble to the next place where every round was held and saw everything.

    What happens while nobody looks is a matter of coverage, and of no other check.
    """
    if end - begin > _SHORT:
        return begin, end
    whole = {one.number for one in rounds if one.database is not None and one.errors is not None}
    while not whole.issuperset(range(begin, end)):
        begin, end = begin + 1, end + 1
    return begin, end


def service(**fields: object) -> Spoil:
    """Change the backend's look."""
    return lambda one: replace(one, services=(replace(one.services[0], **fields), *one.services[1:]))


def memory(growth: Callable[[int], float]) -> Spoil:
    """Let the backend take `growth(number)` times what it did."""
    return lambda one: service(memory_bytes=int(one.services[0].memory_bytes * growth(one.number)))(one)


def database(**fields: object) -> Spoil:
    """Change the database's look; a value may be a function of the look."""

    def spoil(one: Round) -> Round:
        if one.database is None:
            return one
        given = {name: value(one) if callable(value) else value for name, value in fields.items()}
        return replace(one, database=replace(one.database, **given))

    return spoil


def away(one: Round) -> Round:
    """Let the database not answer."""
    return replace(one, database=None, database_error="connection refused")


def unwell(one: Round) -> Round:
    """Let health answer 503."""
    return replace(one, health=503)


def logging(*errors: LogError) -> Spoil:
    """Let the log gain errors."""
    return lambda one: replace(one, errors=(*(one.errors or ()), *errors))


def page(**fields: object) -> Spoil:
    """Change the look at the page, where there was one."""
    return lambda one: replace(one, page=replace(one.page, **fields)) if one.page else one


def disk(free: Callable[[int], float]) -> Spoil:
    """Let `free(number)` bytes be left."""
    return lambda one: replace(one, disks={"/": int(free(one.number))})


def old_form(rows: int) -> Spoil:
    """Let some of the new rows come in the old form."""

    def spoil(one: Round) -> Round:
        if one.database is None or one.database.new_rows is None:
            return one
        return database(new_rows=replace(one.database.new_rows, old_form=rows))(one)

    return spoil


def statement(mean_ms: float) -> Spoil:
    """Let a statement of the release appear, with this mean."""

    def spoil(one: Round) -> Round:
        if one.database is None or one.database.statements is None:
            return one
        calls = 10 * (one.number + 1)
        new = Statement(id="2", text="SELECT count(*) FROM messages", calls=calls, total_ms=calls * mean_ms)
        return database(statements=(*one.database.statements, new))(one)

    return spoil
