"""The new page: it loads, it is the new build, nothing goes wrong on it, and one can log in. Runbook 5.5."""

import pytest

from releasegate.checks.page import loading as checks
from releasegate.checks.services import right_build_runs
from releasegate.probes import git
from releasegate.probes.browser import loading as probe

pytestmark = pytest.mark.frontend


@pytest.fixture(scope="module")
def loaded(site):
    """Return the page and what went wrong on it, looked at once."""
    return probe.look_at_page(site, in_all_widths=True)


@pytest.fixture
def before(recorded):
    """Return what preflight recorded of the old page, None where it did not look."""
    payloads = [payload.get("value") for payload in recorded("preflight/page-baseline")]
    return next((value for value in payloads if isinstance(value, dict) and "assets" in value), None)


@pytest.mark.check("frontend/page-loads", promise="interface.page", target="frontend")
def test_the_page_loads_with_everything_it_asks_for(loaded, change, require):
    page, _ = loaded
    require(checks.page_loads("frontend/page-loads", page.value, change.interface.page.source), page)


@pytest.mark.check("frontend/console-clean", promise="interface.page", target="frontend")
def test_nothing_new_goes_wrong_on_the_page(loaded, before, change, target, require):
    _, events = loaded
    known = before["shapes"] if before else ()
    allowed = [(allow.pattern, allow.reason) for allow in target.allow]
    judged = checks.console_clean(
        "frontend/console-clean",
        events.value,
        change.interface.page.source,
        pages=events.rows,
        known=known,
        allowed=allowed,
    )
    require(judged, events)


@pytest.mark.check("frontend/login", promise="interface.page", target="frontend")
def test_one_can_log_in(site, change, require):
    login = probe.login_measured(site)
    require(checks.login_works("frontend/login", login.value, change.interface.page.source), login)


@pytest.mark.check("frontend/wrong-password", promise="interface.page", target="frontend")
def test_a_wrong_password_is_refused(site, target, change, require):
    tries = [probe.wrong_password_measured(site)] if target.frontend.try_wrong_password else []
    source = change.interface.page.source
    require(checks.wrong_password_refused("frontend/wrong-password", [one.value for one in tries], source), *tries)


@pytest.mark.check("frontend/fits-screens", promise="interface.page", target="frontend")
def test_nothing_scrolls_sideways(loaded, before, require):
    page, _ = loaded
    require(checks.page_fits_screens("frontend/fits-screens", page.value, before), page)


@pytest.mark.check("frontend/right-build", promise="interface.page", target="frontend")
def test_the_page_is_the_new_build(loaded, before, change, target, site, request, require):
    page, _ = loaded
    codes, looks = [], []
    if target.paths.frontend and target.host:
        codes.append(git.code(request.getfixturevalue("machine"), "frontend", target.paths.frontend))
    commits = [commit.hash for code in codes for commit in code.value.history]
    promised = [name for name, _ in probe.promised_texts(site)]
    source = change.interface.page.source
    judged = checks.right_build(
        "frontend/right-build", page.value, source, commits=commits, before=before, promised=promised
    )
    if judged.undecided and page.value.from_server and codes and target.services:
        looks.append(request.getfixturevalue("services").first("frontend"))
        facts = looks[0].value
        runs = right_build_runs("frontend/right-build", codes[0].value, None, facts, said="", source=source)
        judged = runs if runs.seen else judged
    require(judged, page, *codes, *looks)
