"""Every row of the backfilled table, and what surrounds it. Runbook 4."""

import random
from datetime import datetime

import pytest

from releasegate.checks import announced as announced_checks
from releasegate.checks import backfill as checks
from releasegate.checks import rollback as rollback_checks
from releasegate.checks import rows as row_checks
from releasegate.checks import steps as step_checks
from releasegate.checks import survival
from releasegate.checks import upkeep as upkeep_checks
from releasegate.core.facts.rows import Flag, recorded_checksums, recorded_counts, recorded_own
from releasegate.core.facts.steps import StepRun
from releasegate.probes import backup, checksums, clocks, copies, own_rows, picked, readback, rows
from releasegate.probes import upkeep as upkeep_probe
from releasegate.probes.columns import as_found
from releasegate.probes.row_sql import Moments

pytestmark = pytest.mark.backfill

SPOTS = 5  # runbook 4.5
MOST_CONVERSATIONS = 200  # that the API is asked to list; the sample is chosen among them


@pytest.fixture(scope="module")
def backfill(database, change):
    return as_found(database, change.backfill)


@pytest.fixture(scope="module")
def runs(change, step_records):
    """Return the recorded runs of the backfill itself, oldest first, each with its item."""
    items = [step.item for step in change.steps_judged_by("backfill/step-output")]
    found = [(item, record) for item in items for record in step_records(item)]
    return sorted(found, key=lambda run: run[1]["began"])


@pytest.fixture(scope="module")
def before(recorded, change):
    return recorded_checksums(recorded("preflight/baseline")).get(change.backfill.table)


@pytest.fixture
def dumped(request, target, recorded):
    """Return what opens a restored copy of the dump that the backup gate judged, None where there is none to open."""
    known = [payload["value"] for payload in recorded("backup/dump-exists") if payload.get("value", {}).get("path")]
    if not (target.backup.rehearse_restore and target.host and known):
        return None
    database, machine = request.getfixturevalue("database"), request.getfixturevalue("machine")
    listing = backup.listing(machine, known[0]["path"], target.paths.postgres_bin)
    return lambda: copies.open_copy(target, database, machine, listing.value)


@pytest.fixture(scope="module")
def moments(database, backfill, runs, before):
    began = max((record["began"] for _, record in runs), default="")
    return Moments(
        old_until=before.until if before else "",
        began=clocks.on_its_clock(database, began),
        zone=clocks.zone_of(database, backfill) if began else "UTC",
    )


@pytest.fixture(scope="module")  # one pass over the table, judged by several tests
def counts(database, backfill, moments, passes):
    return rows.every_row(database, backfill, moments, kept_in=passes)


@pytest.mark.check("backfill/every-row", promise="backfill", target="database")
def test_every_old_picture_is_still_there(database, backfill, moments, counts, require):
    suspects = row_checks.suspects(counts.value)
    examples = rows.examples(database, backfill, moments, suspects)
    worst = rows.worst_segment(database, backfill, moments, {one for flags in suspects.values() for one in flags})
    judgement = row_checks.every_row_backfilled(
        counts.value,
        examples.value,
        source=backfill.source,
        least=backfill.least_rows,
        command=picked.show_again(database, backfill),
        worst=worst.value,
    )
    require(judgement, counts, examples, *([worst] if worst.value else []))


@pytest.mark.check("backfill/coverage", promise="backfill", target="database")
def test_coverage_is_complete(backfill, counts, require):
    unreadable = row_checks.unreadable_rows("backfill/coverage", counts.value, backfill.source)
    judged = row_checks.coverage(counts.value, source=backfill.source, least=backfill.least_rows)
    require(unreadable or judged, counts)


@pytest.mark.check("backfill/new-rows", promise="backfill", target="database")
def test_new_pictures_come_in_the_new_form(database, backfill, moments, counts, options, require):
    unreadable = row_checks.unreadable_rows("backfill/new-rows", counts.value, backfill.source)
    if unreadable:
        require(unreadable)
        return
    since = rows.written_since(database, backfill, moments, again_after_s=options.settle)
    require(
        row_checks.new_rows_in_new_form("backfill/new-rows", since.value, counts.value, source=backfill.source), since
    )


@pytest.mark.check("backfill/spot-check", promise="backfill", target="database")
def test_rows_picked_at_random_are_right(database, backfill, moments, target, counts, require):
    unreadable = row_checks.unreadable_rows("backfill/spot-check", counts.value, backfill.source)
    if unreadable:
        require(unreadable)
        return
    seed = random.randrange(2**31)  # noqa: S311  no secret: it is in the evidence, so that the rows can be had again
    spots = picked.spots(
        database,
        backfill,
        moments,
        row_checks.judged_flags(counts.value),
        count=SPOTS,
        seed=seed,
        preview_length=target.policy.preview_length,
    )
    held = picked.stored(database, backfill, [spot.id for spot in spots.value])
    judgement = checks.spots_are_right(
        spots.value, backfill.types, source=backfill.source, least=backfill.least_rows, held=held.value
    )
    require(judgement, spots, held)


@pytest.mark.check("backfill/step-output", promise=("backfill", "steps"), baseline=True)
def test_the_backfill_ran_without_errors(change, step_records, require):
    promised = change.steps_judged_by("backfill/step-output")
    ran = [(step, StepRun.last(step.item, step_records(step.item))) for step in promised]
    require(step_checks.commands_did_as_promised("backfill/step-output", ran))


@pytest.mark.check("backfill/rows-announced", promise=("backfill", "steps"), target="database", baseline=True)
def test_the_backfill_spoke_of_as_many_rows_as_there_are(change, counts, recorded, step_records, opened_at, require):
    before = recorded_counts(recorded("migration/rows-on-record"))
    since = opened_at("migration")
    runs = [
        StepRun.last(step.item, [record])
        for step in change.steps
        for record in step_records(step.item)
        if since and datetime.fromisoformat(record["began"]) >= since
    ]
    figures = announced_checks.announced(change.steps, runs)
    require(announced_checks.rows_as_announced("backfill/rows-announced", figures, before, counts.value), counts)


@pytest.mark.check("backfill/duration", promise="backfill.durations", target="database", baseline=True)
def test_it_took_about_as_long_as_expected(runs, counts, backfill, require):
    took = [record["duration_s"] for _, record in runs]
    media = counts.value.having(Flag.MEDIA)
    judgement = checks.took_as_long_as_expected(took, media, backfill.durations, source=backfill.source)
    require(judgement, rows.how_long(took, media), counts)


@pytest.mark.check(
    "backfill/api-agrees",
    promise=("backfill", "api.conversations", "api.messages"),
    target=("database", "backend"),
)
def test_the_api_shows_what_is_stored(database, api, backfill, change, require):
    visible = api.conversations(MOST_CONVERSATIONS)
    chosen = picked.conversations_to_read(database, backfill, visible.value.known_ids)
    read = readback.read_back(api, change.api.messages, change.api.fields, chosen.value)
    stored = picked.stored(database, backfill, [key for one in read.value for key in one.urls])
    judgement = checks.api_agrees(
        read.value,
        stored.value,
        source=change.api.messages.source,
        strata=chosen.rows,
        match=change.api.fields.url_match,
    )
    require(judgement, visible, chosen, read, stored)


@pytest.mark.check("backfill/source-unchanged", promise="schema.survivors", target="database", baseline=True)
def test_what_the_backfill_read_is_as_it_was(database, backfill, before, change, dumped, require):
    now = checksums.again(database, before, backfill) if before else None
    looks = [now] if now else []
    edited = {}
    differing = survival.differing_groups(now and now.value, before)
    if differing and dumped is not None:  # what the dump holds says what became of each row
        with dumped() as copy, copy.session() as session:
            looks += [
                checksums.edited(session, database, before, backfill, column=column, groups=groups)
                for column, groups in differing.items()
            ]
            edited = {look.value.column: look.value for look in looks[1:]}
    shares = [one.edited_share for one in change.db.survivors if one.table == backfill.table]
    judgement = survival.source_unchanged(
        "backfill/source-unchanged",
        now and now.value,
        before,
        source=backfill.source,
        allowed=survival.Allowance(strict=(backfill.from_column,), edited_share=max(shares, default=0.0)),
        edited=edited,
    )
    require(judgement, *looks)


@pytest.mark.check("backfill/own-data-kept", promise="backfill.marker", target="database", baseline=True)
def test_what_people_attached_themselves_is_still_there(database, backfill, moments, counts, recorded, require):
    record = recorded("migration/rows-on-record")
    own = recorded_own(record)
    now = own_rows.now(database, backfill, own) if own and counts.value.is_readable else None
    sets = row_checks.own_flags(counts.value)  # with those that came since: the rollback must keep them too
    later = own_rows.listed(database, backfill, moments, sets, total=counts.value.where(lambda one: one in sets))
    kept = rollback_checks.own_data_kept(
        "backfill/own-data-kept",
        counts.value,
        recorded_counts(record),
        now and now.value,
        source=backfill.source,
    )
    require(kept, counts, later, *([now] if now else []))


@pytest.mark.check("backfill/upkeep", promise="backfill", target="database")
def test_somebody_clears_up_after_it(database, backfill, require):
    found = upkeep_probe.upkeep(database, backfill.table)
    judgement = upkeep_checks.table_is_kept_up(
        "backfill/upkeep", found.value, source="the server's own limits", command=database.psql(found.query)
    )
    require(judgement, found)
