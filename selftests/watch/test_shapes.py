"""Shapes of trouble in two hours: each has its verdict, and a near miss that stays silent."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from releasegate.checks.watch import Before, Watch, no_errors_in_logs
from releasegate.checks.watch.promise import Rule
from releasegate.checks.watch.record import signals_recorded
from releasegate.checks.watch.rules import _pace
from releasegate.core import Verdict
from releasegate.core.facts.watch import LogError, Round

from .histories import (
    BEGAN,
    KNOWN,
    OTHER,
    OURS,
    PROMISE,
    ROUNDS,
    away,
    database,
    disk,
    failing,
    good,
    judgements_of,
    later_and_later,
    logging,
    memory,
    old_form,
    page,
    service,
    slow,
    slower_and_slower,
    spoilt,
    statement,
    unwell,
    verdict_of,
    verdicts,
    watch,
)

FAIL, WARN, PASS, UNSURE = Verdict.FAIL, Verdict.WARN, Verdict.PASS, Verdict.INCONCLUSIVE


def calm(rounds: int = ROUNDS):
    """Return a history in which nothing at all happens."""
    still, page_look = _still()
    fast = tuple(replace(sample, latency_ms=20.0) for sample in still.samples)
    return [
        replace(
            one, number=number, planned=rounds, due_s=number * 30.0, elapsed_s=number * 30.0, samples=fast,
            at=BEGAN + timedelta(seconds=number * 30),
            health=200, errors=(), page=None if number % 10 != 9 else replace(page_look, took_ms=900.0),
            disks={"/": 200_000_000_000},
            services=tuple(replace(look, memory_bytes=200_000_000) for look in still.services),
            database=replace(still.database, waiting=0, longest_s=0.1, connections=20,
                             new_rows=replace(still.database.new_rows, total=9, media=5), commits=number * 900,
                             rollbacks=number * 9,
                             statements=tuple(replace(s, calls=50 * number + 9, total_ms=150.0 * number + 27)
                                              for s in still.database.statements)),
        )
        for number, one in enumerate([still] * rounds)
    ]  # fmt: skip


@cache
def _still():
    """Return one good round, and one good load of the page."""
    held = good(3)
    still = next(one for one in held if one.database and one.errors is not None and one.number % 10 == 0)
    return still, next(one.page for one in held if one.page and one.page.status == 200)


SPOILT = [
    ("latency-stayed-good", FAIL, "a spike at minute 20 for six minutes", slow(1.0), 40, 52, 1),
    ("latency-stayed-good", FAIL, "a third is slow for ten minutes", slow(0.35), 40, 60, 1),
    ("latency-stayed-good", FAIL, "all the time a tenth is slow", slow(0.1), 0, ROUNDS, 1),
    ("latency-stayed-good", FAIL, "a slow drift below the limit", later_and_later(250), 0, ROUNDS, 1),
    ("error-rate", FAIL, "a twentieth fails", failing(0.05), 0, ROUNDS, 1),
    ("latency-stayed-good", FAIL, "all fail for three minutes", failing(1.0), 40, 46, 1),
    ("health-stayed-good", FAIL, "flapping: every third look", unwell, 0, ROUNDS, 3),
    ("health-stayed-good", FAIL, "restarting: two looks in a row", unwell, 100, 102, 1),
    ("health-stayed-good", FAIL, "the database is away for two looks", away, 100, 102, 1),
    ("errors-in-logs", FAIL, "one error about the release", logging(OURS), 100, 101, 1),
    ("errors-in-logs", FAIL, "a peak of other new errors", logging(OTHER), 100, 102, 1),
    ("page-stayed-good", FAIL, "the page brings a new error", page(shapes=("error: x is undefined",)), 120, ROUNDS, 1),
    ("page-stayed-good", FAIL, "the page is gone at the end", page(status=502), ROUNDS - 10, ROUNDS, 1),
    ("services-stayed-up", FAIL, "a service is down for two looks", service(is_running=False), 100, 102, 1),
    ("services-stayed-up", WARN, "it was restarted", service(pid=99, since="2026-03-01T03:00:00+00:00"), 60, ROUNDS, 1),
    ("services-stayed-up", WARN, "memory leaks", memory(lambda number: 1 + number / ROUNDS), 0, ROUNDS, 1),
    (
        "services-stayed-up", WARN, "memory leaks from midway on",
        memory(lambda number: 1 + 6 * max(0, number - 80) / ROUNDS), 0, ROUNDS, 1,
    ),
    ("disk-stayed-free", WARN, "the disk is full tomorrow", disk(lambda n: 20e9 - n * 10e6), 0, ROUNDS, 1),
    ("database-stayed-well", WARN, "no connection is left", database(connections=95), 100, 101, 1),
    (
        "database-stayed-well", WARN, "connections leak",
        database(connections=lambda one: 10 + one.number // 4), 0, ROUNDS, 1,
    ),
    ("database-stayed-well", WARN, "a queue behind a lock", database(waiting=4), 100, 103, 1),
    ("database-stayed-well", WARN, "a transaction that stays open", database(longest_s=600.0), 100, 110, 1),
    ("database-stayed-well", WARN, "a deadlock", database(deadlocks=1), 100, ROUNDS, 1),
    (
        "database-stayed-well", WARN, "half is rolled back",
        database(rollbacks=lambda one: (one.number - 20) * 900), 20, ROUNDS, 1,
    ),
    ("slow-queries", WARN, "a new statement is slow", statement(700.0), 0, ROUNDS, 1),
    ("new-rows-in-new-form", FAIL, "an old writer is at work", old_form(3), 0, ROUNDS, 1),
]  # fmt: skip
NEAR = [
    ("latency-stayed-good", "a twentieth is slow for two minutes", slow(0.05), 40, 44, 1),
    ("latency-stayed-good", "a drift that nobody can feel", slower_and_slower(1.4), 0, ROUNDS, 1),
    ("latency-stayed-good", "a drift by less than a tenth of the limit", later_and_later(45), 0, ROUNDS, 1),
    ("error-rate", "nothing fails", failing(0.0), 0, ROUNDS, 1),
    ("errors-in-logs", "an old error again", logging(LogError(part="backend", shape=KNOWN, lines=9)), 0, ROUNDS, 1),
    ("page-stayed-good", "a slow page", page(took_ms=4000.0), 0, ROUNDS, 1),
    ("services-stayed-up", "memory by a quarter", memory(lambda number: 1 + number / ROUNDS / 4), 0, ROUNDS, 1),
    ("services-stayed-up", "a warm-up", memory(lambda number: min(2.0, 1 + number / 20)), 0, ROUNDS, 1),
    ("services-stayed-up", "saw teeth", memory(lambda number: 1 + (number % 30) / 30), 0, ROUNDS, 1),
    ("disk-stayed-free", "full in three weeks", disk(lambda n: 200e9 - n * 3e6), 0, ROUNDS, 1),
    ("disk-stayed-free", "a file that was written and removed", disk(lambda n: 20e9 - 5e9 * (n == 77)), 0, ROUNDS, 1),
    ("database-stayed-well", "a busy pool", database(connections=80), 100, 140, 1),
    ("database-stayed-well", "somebody waits now and then", database(waiting=1), 0, ROUNDS, 3),
    ("database-stayed-well", "a report of a minute", database(longest_s=70.0), 100, 102, 1),
    ("slow-queries", "a new statement that is fast", statement(40.0), 0, ROUNDS, 1),
    ("new-rows-in-new-form", "all in the new form", old_form(0), 0, ROUNDS, 1),
]
BLIPS = [
    ("latency-stayed-good", "one round is slow as a whole", slow(1.0), 40, 41, 1),
    ("health-stayed-good", "one look", unwell, 100, 101, 1),
    ("health-stayed-good", "the database once", away, 100, 101, 1),
    ("page-stayed-good", "one load of many", page(status=502), 99, 100, 1),
    ("services-stayed-up", "down in one look", service(is_running=False), 100, 101, 1),
    ("error-rate", "one request of thousands", failing(0.05), 100, 101, 1),
]


def words(value):
    """Return a word of a test's id; a function has none that is the same in two processes."""
    return "" if callable(value) else str(value)[:40]


@pytest.mark.parametrize(("check", "verdict", "what", "spoil", "begin", "end", "every"), SPOILT, ids=words)
def test_a_shape_of_trouble_has_its_verdict(check, verdict, what, spoil, begin, end, every):
    """Two hours in which nothing happens but this."""
    assert verdict_of(check, spoilt(calm(), spoil, begin, end, every)) is verdict, what


@pytest.mark.parametrize(("check", "what", "spoil", "begin", "end", "every"), NEAR, ids=words)
def test_a_near_miss_is_silent(check, what, spoil, begin, end, every):
    """Nothing is said about what is only close to trouble."""
    assert verdict_of(check, spoilt(calm(), spoil, begin, end, every)) is PASS, what


@pytest.mark.parametrize(("check", "what", "spoil", "begin", "end", "every"), BLIPS, ids=words)
def test_a_blip_is_worth_a_look(check, what, spoil, begin, end, every):
    """One bad look is told, and stops nobody."""
    assert verdict_of(check, spoilt(calm(), spoil, begin, end, every)) is WARN, what


def test_a_history_in_which_nothing_happens_is_good():
    """Every check holds."""
    assert set(verdicts(calm()).values()) == {PASS}


@pytest.mark.parametrize(
    ("every_s", "names", "have"),
    [
        (30.0, (), "26 in the minute from 2026-03-01 02:00:00 UTC; most often: boom"),
        (2640.0, (), "26 lines in the 44 min 00 s, 0.59 a minute, from 2026-03-01 02:00:00 UTC; most often: boom"),
        (2640.0, ("attachments",), "26 lines, first at 2026-03-01 02:00:00 UTC: boom"),
    ],
)
def test_errors_are_told_over_how_long_and_with_the_command_that_shows_them(every_s, names, have):
    """A watch looks every half minute, the followup gate once over a day."""
    error = LogError(part="backend", shape="boom", lines=26, names=names, seen_with="tail -n 50 /l/b.log")
    look = Round(number=0, planned=1, every_s=every_s, due_s=0.0, elapsed_s=0.0, at=BEGAN, errors=(error,))
    (finding,) = no_errors_in_logs("followup/errors-in-logs", (look,), set(), most_per_minute=0, source="x").findings
    assert (finding.have, finding.run) == (have, "tail -n 50 /l/b.log")


@pytest.mark.parametrize(
    ("check", "blind"),
    [
        ("health-stayed-good", {"health": None}),
        ("latency-stayed-good", {"samples": (), "samples_error": "no conversation"}),
        ("error-rate", {"samples": ()}),
        ("errors-in-logs", {"errors": None, "logs_error": "no right"}),
        ("page-stayed-good", {"page": None}),
        ("services-stayed-up", {"services": None, "services_error": "no Docker"}),
        ("disk-stayed-free", {"disks": None, "disks_error": "no df"}),
        ("database-stayed-well", {"database": None}),
        ("slow-queries", {"database": None}),
        ("new-rows-in-new-form", {"database": None}),
    ],
)
def test_a_signal_that_nobody_saw_is_not_good(check, blind):
    """Rounds without the signal are no verdict."""
    assert verdict_of(check, [replace(one, **blind) for one in calm()]) is UNSURE


def finding_out(rounds, many):
    """Return a history whose first rounds spend their requests on finding out what to ask."""
    return [replace(one, samples=(), finding_out=4) if one.number < many else one for one in rounds]


def sentences(check, rounds):
    return "; ".join(one.sentence for one in judgements_of(check, rounds))


def test_rounds_that_found_out_what_to_ask_are_not_counted_against_the_watch():
    """A watch of two minutes spends a fifth of its rounds on that; the others are judged, and the sentence says so."""
    rounds = finding_out(calm(24), 5)
    assert {verdict_of(check, rounds) for check in ("latency-stayed-good", "error-rate")} == {PASS}
    assert "5 rounds sent none, for finding out what to ask took 20 requests" in sentences(
        "latency-stayed-good", rounds
    )
    silent = [replace(one, samples=()) if one.number < 5 else one for one in rounds]  # near miss: for no such reason
    assert verdict_of("latency-stayed-good", [replace(one, finding_out=0) for one in silent]) is UNSURE


@pytest.mark.parametrize("check", ["latency-stayed-good", "error-rate"])
def test_a_watch_that_did_nothing_but_find_out_what_to_ask_says_what_to_set(check):
    """Nobody knows anything of the latency then."""
    rounds = finding_out(calm(24), 24)
    assert verdict_of(check, rounds) is UNSURE
    assert sentences(check, rounds).endswith("or raise [watch] requests_per_second in the target file")


@pytest.mark.parametrize(
    ("check", "blind", "did"),
    [
        ("latency-stayed-good", {"samples": (), "samples_error": "no right"}, "asked the API"),
        ("error-rate", {"samples": (), "samples_error": "no right"}, "asked the API"),
        ("services-stayed-up", {"services": None, "services_error": "no right"}, "looked at the services"),
        ("disk-stayed-free", {"disks": None, "disks_error": "no right"}, "looked at the disks"),
        ("database-stayed-well", {"database": None, "database_error": "no right"}, "looked at the database"),
    ],
)
def test_a_signal_that_too_few_rounds_saw_says_why(check, blind, did):
    """The rounds' own reason stands beside the count."""
    rounds = [replace(one, **blind) if one.number < 4 else one for one in calm(24)]
    assert re.search(rf"20 of 24 rounds {did}; at least 2[23] are needed to tell: no right", sentences(check, rounds))


@pytest.mark.parametrize(
    ("check", "blind", "fewer"),
    [
        ("health-stayed-good", {"health": None}, 13),
        ("services-stayed-up", {"services": None}, 13),
        ("database-stayed-well", {"database": None}, 13),
        ("disk-stayed-free", {"disks": None}, 13),
        ("latency-stayed-good", {"samples": ()}, 13),
    ],
)
def test_a_signal_needs_as_many_rounds_as_the_watch(check, blind, fewer):
    """More than a twentieth of the rounds without it is too little; a twentieth is not."""
    held = calm()
    assert verdict_of(check, [replace(one, **blind) for one in held[:fewer]] + held[fewer:]) is UNSURE
    assert verdict_of(check, [replace(one, **blind) for one in held[: fewer - 1]] + held[fewer - 1 :]) is PASS


def test_a_disk_that_is_full_tomorrow_is_a_warning():
    """It says how much is left, how long that lasts, and how sure that is."""
    (finding,) = watch(spoilt(calm(), disk(lambda n: 20e9 - n * 10e6))).disk().findings
    assert (finding.subject, finding.want) == (
        "disk /",
        "what is left lasts 24 h 00 min at the pace it is used up (releasegate)",
    )
    assert finding.have == "17.6 GB free, gone in 14 h 40 min: -1.2 an hour (-1.2 to -1.2, 95 % sure)"


def test_a_leak_says_how_fast_it_is():
    """From what to what, in which time, with the interval."""
    (finding,) = watch(spoilt(calm(), memory(lambda number: 1 + number / ROUNDS))).services().findings
    assert (finding.subject, finding.want) == (
        "memory backend", "grows by at most 50% over the watch (releasegate)",
    )  # fmt: skip
    assert finding.have.startswith("from 200 to 399 MB in 1 h 59 min, +100 an hour (+")
    assert (_pace(2.25), _pace(-0.0003), _pace(0.0)) == ("+8 100", "-1.08", "+0")


def test_a_promised_rule_fails_and_says_who_promised_it():
    """The same restart that only warns by our own limit."""
    held = spoilt(calm(), service(pid=99, since="2026-03-01T03:00:00+00:00"), 60)
    rule = Rule(signal="restarts", most=0, source="note 3")
    judged = Watch(
        rounds=held, promise=replace(PROMISE, rules=(rule,)), before=Before(log_shapes=()), endpoints=("messages",)
    )  # fmt: skip
    judgement = judged.services()
    assert judgement.verdict is FAIL
    assert [(one.subject, one.want, one.have) for one in judgement.findings] == [
        (
            "restarts backend",
            "at most 0 restarts since the watch began (note 3)",
            "1, seen at 2026-03-01 02:30:00 UTC",
        )
    ]


@pytest.mark.parametrize(("begin", "verdict"), [(50, FAIL), (70, PASS)])
def test_a_rule_holds_for_as_long_as_it_is_promised(begin, verdict):
    """No connection above 60 % in the first 30 minutes: rounds after that are not its business."""
    rule = Rule(signal="connections", most=0.6, within_s=1800, source="note 3")
    judged = Watch(
        rounds=spoilt(calm(), database(connections=70), begin, begin + 5),
        promise=replace(PROMISE, rules=(rule,)), before=Before(log_shapes=()),
    )  # fmt: skip
    assert judged.database().verdict is verdict


@pytest.mark.parametrize(("recorded", "verdict", "said"), [(20.0, FAIL, "what preflight saw"), (60.0, PASS, "")])
def test_a_rise_is_measured_against_what_preflight_saw(recorded, verdict, said):
    """The baseline stands in the finding."""
    rule = Rule(signal="longest-transaction", rise=2, source="note 3")
    earlier = database(longest_s=recorded)(calm(1)[0])
    judged = Watch(
        rounds=spoilt(calm(), database(longest_s=100.0), 50, 60), promise=replace(PROMISE, rules=(rule,)),
        before=Before(rounds=(earlier,)),
    )  # fmt: skip
    assert judged.database().verdict is verdict
    assert said in "".join(one.want for one in judged.database().findings)


def test_without_a_baseline_the_first_minutes_are_one_and_it_is_said():
    """Five minutes of this watch stand for it."""
    rule = Rule(signal="longest-transaction", rise=2, source="note 3")
    judged = Watch(
        rounds=spoilt(calm(), database(longest_s=100.0), 50, 60), promise=replace(PROMISE, rules=(rule,)),
        before=Before(),
    )  # fmt: skip
    (finding,) = judged.database().findings
    assert "baseline 0.1: the first 5 min 00 s of the watch; preflight recorded none" in finding.want


def test_a_log_that_one_round_could_not_read_is_read_by_the_next():
    """Its lines are not lost; at the end of the watch they are."""
    blind = {"errors": None, "logs_error": "ssh: timed out"}
    held = calm()
    assert (
        watch([replace(one, **blind) if one.number % 2 else one for one in held[:-1]] + held[-1:]).logs().verdict
        is PASS
    )
    assert watch(held[:-20] + [replace(one, **blind) for one in held[-20:]]).logs().verdict is UNSURE


def test_lines_that_were_lost_are_a_warning():
    """A log that was rotated away between two looks."""
    judgement = watch([replace(one, logs_cut=one.number == 7) for one in calm()]).logs()
    assert judgement.verdict is WARN
    assert judgement.findings[0].have == (
        "in 1 round, first at 2026-03-01 02:03:30 UTC, a log had more lines than can be read at once, or was rotated "
        "away before it was read"
    )


def test_statements_that_cannot_be_seen_are_the_warning():
    """Nobody takes the box for ticked."""
    unseen = database(statements=None, statements_error='relation "pg_stat_statements" does not exist')
    judgement = watch(spoilt(calm(), unseen)).statements()
    assert judgement.verdict is WARN
    assert judgement.findings[0].have == 'they could not be: relation "pg_stat_statements" does not exist'


def test_no_new_row_is_not_applicable():
    """With the rows that were counted."""

    def none_with_media(one):
        return database(new_rows=replace(one.database.new_rows, media=0, total=17))(one)

    judgement = watch(spoilt(calm(), none_with_media)).new_rows()
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.NOT_APPLICABLE, "17 rows written during the watch, none of them with media",
    )  # fmt: skip


def test_a_signal_that_was_not_seen_before_the_release_is_a_warning():
    """What is on record is named, and what is not; nothing at all is no verdict."""
    one = calm(1)[0]
    assert signals_recorded(one).sentence == "on record before the release: health, services, database, disks"
    judgement = signals_recorded(replace(one, database=None, database_error="connection refused"))
    assert (judgement.verdict, judgement.sentence) == (WARN, "database: connection refused")
    blind = replace(one, health=None, services=None, database=None, disks=None)
    assert signals_recorded(blind).verdict is UNSURE


@pytest.mark.parametrize(("bad", "wrong"), [(1, set()), (2, {"latency-stayed-good", "error-rate"})])
def test_a_blip_at_the_beginning_ends_no_watch(bad, wrong):
    """While it goes on, one round in which everything failed decides nothing; two do."""
    found = verdicts(spoilt(calm(), failing(1.0), 1, 1 + bad)[:6])
    assert {check for check, verdict in found.items() if verdict is FAIL} == wrong


def test_a_watch_that_was_too_short_to_tell_says_what_helps():
    """Its own budget, not that of the load."""
    said = watch(calm(2)).latency()[0].sentence
    assert (
        "messages: 40 requests cannot show it, 59 can; watch for longer, or raise [watch] requests_per_second" in said
    )
