"""Getting into a page: once for all gates, by a saved session, by a token; and what is said where it fails."""

from __future__ import annotations

import json
import time

import pytest
from pydantic import SecretStr

from releasegate.checks.page import loading
from releasegate.core import CannotMeasure, Verdict
from releasegate.core.facts.page import LoginFacts
from releasegate.probes.browser import Site, prepared, thread
from releasegate.probes.browser import loading as probe
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.kept import KeptLogin
from releasegate.probes.browser.pictures import readable
from releasegate.target.models import Frontend


def later(site, file, target=None, *, anew=False):
    """Return the page as the next gate meets it, in a run that begins now."""
    kept = KeptLogin(file, time.time(), anew=anew)
    return Site(site._browser, site._fence, target or site.target, site.change, kept)


def saved(site, tmp_path):
    """Return the file that somebody saved while they were logged in."""
    assert site.login.is_in
    (kept,) = tmp_path.glob("session-*.json")
    file = tmp_path / "saved.json"
    file.write_text(json.dumps(json.loads(kept.read_text("utf-8"))["state"]["state"]), "utf-8")
    return file


def test_one_login_serves_the_gates_that_follow(oficina, tmp_path):
    """The next process takes what the login left; a gate that judges the login logs in itself."""
    site, samples, running = oficina()
    assert site.login.is_in
    (file,) = tmp_path.glob("session-*.json")
    other = later(site, file)
    with Desk(other) as desk:
        assert not thread.look_at_thread(desk, samples.conversations[0]).value.trouble
    assert running.logins == 1
    assert later(site, file, anew=True).login.is_in
    assert running.logins == 2


def test_before_the_login_a_picture_can_be_read(oficina):
    """The form and its error, for nobody is in; once one is, only what the release promises."""
    site, _, _ = oficina()
    with site.visit(logged_in=False) as visit:
        visit.open("/")
        assert visit.readable() == (".",)
    promised = readable(site.target, site.change)
    with site.visit() as visit:
        visit.open("/")
        assert visit.readable() == promised


@pytest.mark.parametrize("faults", [(), ("any-password",)])
def test_a_login_that_was_let_through_ends_that(oficina, faults):
    """Whatever stands there then may be of customers."""
    site, _, _ = oficina(*faults)
    wrong = site.frontend.model_copy(update={"password": SecretStr("wrong-password")})
    with site.visit(logged_in=False) as visit:
        visit.interception.rules = site._rules(wrong)
        assert site._form(visit, wrong).is_in == bool(faults)
        assert (visit.readable() == (".",)) == (not faults)


def test_what_an_earlier_run_left_is_tried_once_for_all_processes(tmp_path):
    """The first process of the next run tries it; the others take its word, and the run after that tries again."""
    file, tried = tmp_path / "session.json", []

    def process(began):
        return KeptLogin(file, began).get("whose", lambda: {"state": {}}, lambda kept: not tried.append(kept))

    began = time.time()
    process(began)
    for _ in range(3):
        process(began)
    assert not tried
    began = time.time()
    for _ in range(3):
        process(began)
    assert len(tried) == 1


def test_a_session_that_has_ended_is_renewed(oficina, tmp_path):
    """What an earlier gate left is tried, and where it lets nobody in any more, one logs in again."""
    site, _, running = oficina()
    assert site.login.is_in
    (file,) = tmp_path.glob("session-*.json")
    kept = json.loads(file.read_text("utf-8"))
    kept["state"]["state"] = {"cookies": [], "origins": []}
    file.write_text(json.dumps(kept), "utf-8")
    assert later(site, file).login.is_in
    assert running.logins == 2


def test_a_saved_session_lets_one_in_without_the_form(oficina, files, tmp_path):
    """Cookies and local storage from a file; whether the form works is not judged then."""
    site, _, running = oficina()
    state = saved(site, tmp_path)
    target = files.target(running, login="state", state=str(state))
    other = later(site, tmp_path / "other.json", target)
    with Desk(other) as desk:
        assert not thread.look_at_thread(desk, files.samples(running).conversations[0]).value.trouble
        judged = loading.login_works("frontend/login", probe.login_measured(other).value, "runbook 5.5")
    assert (judged.verdict, judged.sentence) == (
        Verdict.NOT_APPLICABLE, 'the form was not tried: the target says login = "state"',
    )  # fmt: skip
    assert running.logins == 1


def test_a_prepared_session_that_lets_nobody_in_is_undecided():
    """A session that has expired says nothing about the page's form."""
    facts = LoginFacts(url="https://x", is_in=False, prepared="state", trouble="https://x/login asks for a password")
    judged = loading.login_works("frontend/login", facts, "runbook 5.5")
    assert (judged.verdict, judged.sentence) == (
        Verdict.INCONCLUSIVE,
        f'the form was not tried: the target says login = "state", and that does not let one in: {facts.trouble}',
    )


@pytest.mark.parametrize("place", ["local_storage", "session_storage", "cookie"])
def test_a_token_is_put_where_the_page_looks(place):
    """Local storage of the page's origin, session storage, or a cookie of its host."""
    given = {"url": "https://x.example/app", "login": "token", "token": "t0ken-1234567890", "token_key": "jwt"}
    frontend = Frontend.model_validate({**given, "token_in": place})
    found = prepared.state_of(frontend)
    entry = {"name": "jwt", "value": "t0ken-1234567890"}
    expected = {
        "local_storage": found["state"]["origins"] == [{"origin": "https://x.example", "localStorage": [entry]}],
        "session_storage": found["session_storage"] == {"jwt": "t0ken-1234567890"},
        "cookie": [(one["name"], one["domain"], one["secure"]) for one in found["state"]["cookies"]]
        == [("jwt", "x.example", True)],
    }
    assert [name for name, holds in expected.items() if holds] == [place]


def test_a_file_that_is_no_session_says_what_one_is(tmp_path):
    """The message names the file, what it should hold, and the command that saves one."""
    file = tmp_path / "notes.txt"
    file.write_text("[]", "utf-8")
    with pytest.raises(CannotMeasure) as raised:
        prepared.state_of(Frontend(url="https://x", login="state", state=str(file)))
    assert "is no storage state" in str(raised.value)
    assert raised.value.run == f"playwright open --save-storage={file} https://x"
