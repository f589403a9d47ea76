"""The old page on the database as it is now. Runbook emergency rollback, 4."""

from urllib.parse import urlsplit

import pytest

from releasegate.checks import rollback as checks
from releasegate.checks.code import release_in
from releasegate.checks.page import loading as page_checks
from releasegate.checks.page import media
from releasegate.checks.services import right_build_runs
from releasegate.probes import git
from releasegate.probes import samples as sampling
from releasegate.probes.browser import loading as probe
from releasegate.probes.browser import thread
from releasegate.probes.browser.desk import Desk
from releasegate.probes.columns import column_types

pytestmark = pytest.mark.rollback

SOURCE = "runbook emergency rollback"
MOST_THREADS = 2  # two conversations hold every kind of old medium, as a rule


@pytest.fixture(scope="module")
def loaded(site):
    """Return the page and what went wrong on it, looked at once."""
    return probe.look_at_page(site)


def page_on_record(payloads):
    """Return the files (path -> sha256) and the texts of the page that a gate recorded, None where none did."""
    for value in (payload.get("value") for payload in payloads):
        if isinstance(value, dict) and "assets" in value:
            assets = value["assets"]
            if not isinstance(assets, dict):
                assets = {urlsplit(one["url"]).path: one["sha256"] for one in assets}
            return {"assets": assets, "texts": value.get("texts", ())}
    return None


@pytest.mark.check("rollback/page-loads", promise="interface.page", target="frontend")
def test_the_page_loads_with_everything_it_asks_for(options, page_stays, request, require):
    if page_stays:
        require(checks.not_on_this_way(options.kind, page_stays))
        return
    page, events = request.getfixturevalue("loaded")
    require(page_checks.page_loads("rollback/page-loads", page.value, SOURCE), page, events)


@pytest.mark.check("rollback/old-page-answers", promise="release", target="frontend")
def test_the_page_is_the_one_from_before(options, target, change, recorded, request, require):
    if options.kind == "data":
        require(checks.not_on_this_way("data", "the code stays as it is"))
        return
    codes, looks = [], []
    if target.paths.frontend and target.host:
        code = git.code(request.getfixturevalue("machine"), "frontend", target.paths.frontend)
        release = release_in(code.value, change.release.commit)
        judgement = checks.old_release_is_checked_out(
            "rollback/old-page-answers", str(code.value.head), str(release) if release else None, source=SOURCE,
            part="frontend",
        )  # fmt: skip
        require(judgement, code)
        codes.append(code)
    if not change.interface or not change.interface.page:
        return
    page, _ = request.getfixturevalue("loaded")
    promised = [name for name, _ in probe.promised_texts(request.getfixturevalue("site"))]
    judgement = page_checks.old_build(
        "rollback/old-page-answers",
        page.value,
        SOURCE,
        commits=[commit.hash for code in codes for commit in code.value.history],
        before=page_on_record(recorded("preflight/page-baseline")),
        released=page_on_record(recorded("frontend/right-build")),
        promised=promised,
    )
    if judgement.undecided and page.value.from_server and codes and target.services:
        looks.append(request.getfixturevalue("services").first("frontend"))
        facts = looks[0].value
        runs = right_build_runs("rollback/old-page-answers", codes[0].value, None, facts, said="", source=SOURCE)
        judgement = runs if runs.seen else judgement
    require(judgement, page, *looks)


@pytest.mark.check(
    "rollback/old-media-shown", promise=("interface.old_media", "backfill"), target=("frontend", "backend", "database")
)
def test_the_old_page_shows_what_it_always_did(
    options, page_stays, database, change, deploy_began, target, request, require
):
    if page_stays:
        require(checks.not_on_this_way(options.kind, page_stays))
        return
    types = column_types(database, change.backfill.table)
    there = checks.old_field_is_there("rollback/old-media-shown", change.backfill, list(types), source=SOURCE)
    require(there)
    if there.findings:
        return
    site, api = request.getfixturevalue("site"), request.getfixturevalue("api")
    named = target.samples.model_copy(update={"messages": ()})  # a restore may have taken them back
    sampled = sampling.find(database, api, change, deploy_began, named)
    conversations = [one for one in sampled.value.conversations if any(medium.is_old for medium in one.media)]
    site.knows_hosts_of(medium.url for one in conversations for medium in one.media)
    site.trials.know(medium for one in conversations for medium in one.media)
    with Desk(site) as desk:
        looks = [thread.look_at_thread(desk, one) for one in conversations[:MOST_THREADS]]
    in_data = {medium.kind for one in conversations[:MOST_THREADS] for medium in one.media if medium.is_old}
    kinds, threads = change.interface.kinds, [look.value for look in looks]
    judgement = media.old_media_shown("rollback/old-media-shown", threads, kinds, in_data, SOURCE, once=False)
    require(checks.under_the_new_page(judgement) if options.kind == "data" else judgement, sampled, *looks)
