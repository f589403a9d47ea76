"""Whether the way back led back: code, data or the whole database. Runbook emergency rollback."""

import pytest

from releasegate.checks import rollback as checks
from releasegate.checks import schema as schema_checks
from releasegate.checks import survival
from releasegate.checks.code import release_in
from releasegate.checks.services import right_build_runs, version_said
from releasegate.core.facts.catalog import recorded_catalog
from releasegate.core.facts.rows import recorded_own
from releasegate.probes import git, own_rows
from releasegate.probes.http import path_of

pytestmark = pytest.mark.rollback

SOURCE = "runbook emergency rollback"


@pytest.mark.check("rollback/health", promise="api.health", target="backend")
def test_the_backend_says_it_is_healthy(api, change, require):
    answer, url = api.ask(change.api.health), api.url(path_of(change.api.health))
    judgement = checks.answers(
        "rollback/health",
        url,
        str(answer.value),
        is_promised=answer.value.status == change.api.health.status,
        promised=change.api.health.status,
        source=SOURCE,
        run=api.curl(url),
    )
    require(judgement, answer)


@pytest.mark.check("rollback/conversations", promise="api.conversations", target="backend")
def test_people_can_read_their_conversations(api, change, require):
    answer, url = api.ask(change.api.conversations), api.url(path_of(change.api.conversations))
    judgement = checks.answers(
        "rollback/conversations",
        url,
        str(answer.value),
        is_promised=answer.value.status == change.api.conversations.status,
        promised=change.api.conversations.status,
        source=SOURCE,
        run=api.curl(url),
    )
    require(judgement, answer)


@pytest.mark.check("rollback/old-release-answers", promise="release", target=("host", "paths.backend"))
def test_the_old_release_is_the_one_that_runs(request, machine, target, change, options, require):
    if options.kind == "data":
        require(checks.not_on_this_way("data", "the code stays as it is"))
        return
    code = git.code(machine, "backend", target.paths.backend)
    release = release_in(code.value, change.release.commit)
    judgement = checks.old_release_is_checked_out(
        "rollback/old-release-answers", str(code.value.head), str(release) if release else None, source=SOURCE
    )
    require(judgement, code)
    service = request.getfixturevalue("services").look("backend") if target.services else None
    version = change.api.version if target.backend else None
    if service is None and version is None:
        return  # nothing that the target offers tells which build runs
    build = git.build(machine, "backend", target.paths.backend_build) if target.paths.backend_build else None
    answer = request.getfixturevalue("api").ask(version) if version else None
    runs = right_build_runs(
        "rollback/old-release-answers",
        code.value,
        build.value if build else None,
        service.value if service else None,
        said=version_said(answer.value, at=version.at, names=version.headers) if answer else "",
        source=SOURCE,
    )
    require(runs, *(look for look in (service, build, answer) if look))


@pytest.mark.check("rollback/nothing-left-behind", promise="backfill.marker", target="database")
def test_no_row_carries_the_marker(counts, options, change, require):
    if options.kind == "code":
        require(checks.not_on_this_way("code", "the rows stay as they are"), counts)
        return
    require(checks.nothing_left_behind(counts.value, source=change.backfill.marker.source), counts)


@pytest.mark.check("rollback/own-data-kept", promise="backfill.marker", target="database", baseline=True)
def test_what_people_attached_themselves_is_still_there(
    database, backfill, before, counts, options, counted, recorded, require
):
    if options.kind != "data":
        why = "no row is touched" if options.kind == "code" else "what was written after the dump is lost by design"
        require(checks.not_on_this_way(options.kind, why), counts)
        return
    own = recorded_own(recorded("backfill/own-data-kept") or recorded("migration/rows-on-record"))
    now = own_rows.now(database, backfill, own) if own and counts.value.is_readable else None
    until = before.until if before else ""
    swept = own_rows.swept(database, backfill, old_until=until) if counts.value.is_readable else None
    kept = checks.own_data_kept(
        "rollback/own-data-kept",
        counts.value,
        counted,
        now and now.value,
        source=SOURCE,
        swept=swept.value if swept else 0,
    )
    require(kept, counts, *(look for look in (now, swept) if look))


@pytest.mark.check("rollback/source-unchanged", promise="schema.survivors", target="database", baseline=True)
def test_the_old_columns_hold_what_they_held(backfill, before, sums_now, options, taken, change, require):
    now = sums_now.get(backfill.table)
    shares = [one.edited_share for one in change.db.survivors if one.table == change.backfill.table]
    judgement = survival.source_unchanged(
        "rollback/source-unchanged",
        now and now.value,
        before,
        source=SOURCE,
        allowed=survival.Allowance(
            strict=(backfill.from_column,),
            edited_share=max(shares, default=0.0),
            all_rows=options.kind == "restore",
            rewritten=checks.columns_set_by(taken, before.columns if before else ()),
        ),
    )
    require(judgement, *([now] if now else []))


@pytest.mark.check("rollback/catalog-is-back", promise="schema", target="database", baseline=True)
def test_the_catalog_is_as_before_the_release(objects, options, recorded, require):
    if options.kind != "restore":
        require(checks.not_on_this_way(options.kind, "the new columns stay"))
        return
    require(schema_checks.catalog_is_back(objects.value, recorded_catalog(recorded("preflight/baseline"))), objects)
