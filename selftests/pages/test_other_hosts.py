"""Hosts that the target does not list are not reached, whatever leads there; listed, they are hosts like any other."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from forwarder import Forwarder
from server import Oficina

from releasegate.checks.page import loading, media
from releasegate.core import Verdict
from releasegate.core.facts.page import Kind
from releasegate.probes.browser import fallback, thread, viewer, walking
from releasegate.probes.browser import loading as probe
from releasegate.probes.browser.desk import Desk

IN_A_WORKER = (
    "source => new Promise((done) => { new Worker(URL.createObjectURL(new Blob([source]))).onmessage = done; })"
    ".then(() => 0)"
)
TOLD = "127.0.0.2, which the target does not list; add it to [frontend] hosts and look again"


@pytest.fixture(scope="module")
def other():
    """Return the same page on another host, which nobody listed: a store, a login for everybody, a new address."""
    with Oficina(host="127.0.0.2") as running:
        yield running


@pytest.fixture(autouse=True)
def _anew(other):
    other.asked.clear()


def pictures(site, samples):
    """Return what is said of the pictures, of one that is opened, and of one that is cut off."""
    site.knows_hosts_of(one.url for conversation in samples.conversations for one in conversation.media)
    with Desk(site) as desk:
        look, chosen = thread.look_at_thread(desk, samples.conversations[1]), walking.choose(site, samples)
        (view,) = viewer.open_each(desk, chosen[:1])
        dead = [cut for one, ways in fallback.plan(desk, chosen[:1]) for cut in fallback.cut_off(desk, one, ways[:1])]
    shown = media.old_media_shown("smoke/old-media-shown", [look.value], ("image",), ("image",), "runbook 6.1")
    return shown, media.viewer_opens("smoke/viewer-opens", [view.value], "runbook 6.2"), dead[0].value


@pytest.mark.parametrize(
    ("moved", "faults"),
    [
        pytest.param(("arquivo/", "mini"), (), id="behind another name"),
        pytest.param(("mini",), (), id="small ones alone", marks=pytest.mark.everything),
        pytest.param(("arquivo/",), ("blobs",), id="asked by a script", marks=pytest.mark.everything),
        pytest.param(("arquivo/", "mini"), ("fallback-missing",), id="nothing said", marks=pytest.mark.everything),
    ],
)
def test_pictures_that_lead_to_a_store_that_nobody_listed_cannot_be_told(oficina, other, moved, faults):
    """An address of the page's own that sends one on to a store: the store is not asked, and no picture is a fault."""
    site, samples, _ = oficina(*faults, elsewhere=dict.fromkeys(moved, other.url))
    shown, opened, dead = pictures(site, samples)
    if moved != ("arquivo/",):  # the small ones are there
        assert (shown.verdict, TOLD in shown.sentence) == (Verdict.INCONCLUSIVE, True), shown.sentence
    assert (opened.verdict, TOLD in opened.sentence) == (Verdict.INCONCLUSIVE, True), opened.sentence
    assert TOLD in dead.trouble or (moved == ("arquivo/",) and not dead.trouble)
    assert other.asked == []


@pytest.mark.everything  # a browser
def test_a_store_that_is_listed_is_asked(oficina, other):
    """The same pages, with the store in [frontend] hosts: pictures are shown, opened, and told when they are dead."""
    site, samples, _ = oficina(elsewhere=dict.fromkeys(("arquivo/", "mini"), other.url), hosts=["127.0.0.2"])
    shown, opened, dead = pictures(site, samples)
    assert (shown.verdict, opened.verdict, dead.says_unavailable) == (Verdict.PASS, Verdict.PASS, True), shown.sentence
    assert other.asked


def test_large_pictures_of_a_host_that_nobody_listed_cannot_be_told(oficina):
    """Small ones come from the page; what stands in the viewer instead of a large one is the gate's own."""
    site, samples, _ = oficina("large-from-elsewhere")
    with Desk(site) as desk:
        (view,) = viewer.open_each(desk, [(samples.conversations[1], samples.conversations[1].media[0])])
    judged = media.viewer_opens("smoke/viewer-opens", [view.value], "runbook 6.2")
    assert (judged.verdict, "asked of fotos.example, which" in judged.sentence) == (Verdict.INCONCLUSIVE, True)


@pytest.mark.everything  # a browser each
@pytest.mark.parametrize("moved", ["servico/papo", "servico/fila"])
def test_data_that_leads_to_a_host_that_nobody_listed_cannot_be_told(oficina, other, moved):
    """An empty conversation is no finding where what it is made of was not asked for."""
    site, samples, _ = oficina(elsewhere={moved: other.url})
    with Desk(site) as desk:
        look = thread.look_at_thread(desk, samples.conversations[1])
        desk.leave()
        events = desk.events
    shown = media.old_media_shown("smoke/old-media-shown", [look.value], ("image",), ("image",), "runbook 6.1")
    assert (shown.verdict, f"/loja/{moved}" in shown.sentence) == (Verdict.INCONCLUSIVE, True), shown.sentence
    assert f"leads on to {TOLD}" in shown.sentence
    assert ([event for event in events if event.kind is not Kind.UNCAUGHT], other.asked) == ([], [])


@pytest.mark.everything  # a browser
def test_a_script_that_leads_to_a_host_that_nobody_listed_cannot_be_told(oficina, other):
    """A white page without its one script is no finding, nor is what the browser logs of it."""
    site, _, _ = oficina(elsewhere={"programa.js": other.url}, login="none")
    page, events = probe.look_at_page(site)
    judged = loading.page_loads("frontend/page-loads", page.value, "runbook 5.5")
    assert (judged.verdict, "the page asks for http://127.0.0.2:" in judged.sentence) == (Verdict.INCONCLUSIVE, True)
    assert (events.value, other.asked, page.value.led_to) == ((), [], ())


@pytest.mark.parametrize(
    ("login", "faults"),
    [
        ("form", ()),
        pytest.param("none", (), marks=pytest.mark.everything),
        pytest.param("form", ("login-elsewhere",), marks=pytest.mark.everything),
    ],
)
def test_a_page_that_leads_to_a_login_of_another_host_cannot_be_told(oficina, other, login, faults):
    """By the server's answer or by a script: the sentence names the host, and no error of the browser's own."""
    site, _, _ = oficina(*faults, moved_to="" if faults else other.url, login=login)
    page, events = probe.look_at_page(site)
    entered = loading.login_works("frontend/login", site.login, "runbook 5.5")
    host = "entrada.example" if faults else "127.0.0.2"
    assert entered.verdict is Verdict.INCONCLUSIVE
    assert (
        f"the page leads on to {host}, which the target does not list; add it to [frontend] hosts" in entered.sentence
    )
    loads = loading.page_loads("frontend/page-loads", page.value, "runbook 5.5")
    assert (loads.verdict, host in loads.sentence, "ERR_" in loads.sentence) == (Verdict.INCONCLUSIVE, True, False)
    assert (events.value, other.asked) == ((), [])


@pytest.mark.everything  # a browser
def test_a_page_that_leaves_for_another_host_once_one_is_in_lets_nobody_in(oficina):
    """The form takes the password and the page goes on to a host that nobody listed: nobody saw that one is in."""
    site, _, _ = oficina("leaves-after-login")
    judged = loading.login_works("frontend/login", site.login, "runbook 5.5")
    assert (judged.verdict, "leads on to app.example, which" in judged.sentence) == (Verdict.INCONCLUSIVE, True)


@pytest.mark.everything  # a browser
def test_a_worker_that_is_led_to_a_host_that_nobody_listed_does_not_reach_it(oficina, other):
    """An answer leads it there: it comes no further than the page itself, and the host is listed."""
    site, _, running = oficina(elsewhere={"servico/fila": other.url})
    with site.visit(logged_in=False) as visit:
        visit.open("/")
        source = f"fetch('{running.url}servico/fila').catch(() => 0).finally(() => postMessage(1))"
        visit.page.evaluate(IN_A_WORKER, source)
        assert (other.asked, "127.0.0.2" in visit.interception.unlisted) == ([], True)
        assert [event for event in visit.events() if event.counts] == []


def test_hosts_of_media_that_come_to_be_known_later_are_asked_from_then_on(oficina, other):
    """The window that lay open before had another fence; the next one has the new one."""
    site, _, _ = oficina()
    url = other.picture("cinto.png")
    for known in ([], [url]):
        site.knows_hosts_of(known)
        with site.visit() as visit:
            visit.open("/")
            assert visit.page.evaluate("url => fetch(url, {mode: 'no-cors'}).then(() => true)", url)
        assert bool(other.asked) == bool(known)
    assert site.trials.sizes_of([(url, "image")]) == {url: (500, 500)}


@pytest.fixture
def forwarder():
    """Return a proxy that asks what it is asked for, and notes it."""
    with Forwarder() as running:
        yield running


@pytest.fixture(params=["the target's", pytest.param("this machine's", marks=pytest.mark.everything)])
def behind(request, oficina, forwarder, monkeypatch):
    """Return what starts the page, as loja.example, behind a proxy that alone knows where that is."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    proxy, is_given = f"http://ana:couro@{forwarder.address}", request.param == "the target's"
    for name in () if is_given else ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy)

    def start(*faults, **given):
        browser = {"proxy": proxy} if is_given else {}
        return oficina(*faults, browser=browser, by_name="loja.example", **given)

    return start


def test_behind_a_proxy_a_page_is_a_page_like_any_other(behind, forwarder):
    """The login, the list and a WebSocket go through it, with the name and the password of its address."""
    site, _, running = behind()
    assert site.login.is_in, site.login.trouble
    host = f"loja.example:{urlsplit(running.url).port}"
    with site.visit() as visit:
        assert visit.open("/") == 200
        code = (
            "url => new Promise((done) => { const one = new WebSocket(url); one.onclose = one.onopen = () => done(0) })"
        )
        visit.page.evaluate(code, f"ws://{host}/loja/papo")
    assert f"POST http://{host}/loja/servico/entrar HTTP/1.1" in forwarder.asked
    assert f"CONNECT {host} HTTP/1.1" in forwarder.asked
    assert forwarder.authorizations == {"Basic YW5hOmNvdXJv"}


def test_behind_a_proxy_data_that_lead_to_a_host_that_nobody_listed_do_not_reach_it(behind, forwarder, other):
    """In a worker and in the page: the proxy is not asked for that host, and the evidence names it."""
    port = urlsplit(other.url).port
    moved = {"servico/fila": f"http://sso.example:{port}/", "servico/papo": f"https://sso-tls.example:{port}/"}
    site, _, running = behind(login="none", elsewhere=moved)
    with site.visit(logged_in=False) as visit:
        visit.open("/")
        for place in moved:
            url = f"http://loja.example:{urlsplit(running.url).port}/loja/{place}"
            visit.page.evaluate(IN_A_WORKER, f"fetch('{url}').catch(() => 0).finally(() => postMessage(1))")
            visit.page.evaluate("url => fetch(url).catch(() => 0).then(() => 0)", url)
        assert {"sso.example", "sso-tls.example"} <= set(visit.interception.unlisted)
        assert visit.interception.led_to == ()
        assert [event for event in visit.events() if event.counts] == []
    assert (other.asked, forwarder.was_asked_for("sso"), forwarder.was_asked_for("loja")) == ([], False, True)


@pytest.mark.everything  # a browser
def test_behind_a_proxy_a_page_that_leads_to_a_host_that_nobody_listed_cannot_be_told(behind, forwarder, other):
    """The sentence names the host, as without a proxy, and the proxy is not asked for it."""
    site, _, _ = behind(login="none", moved_to=f"http://sso.example:{urlsplit(other.url).port}/loja/")
    page, events = probe.look_at_page(site)
    judged = loading.page_loads("frontend/page-loads", page.value, "runbook 5.5")
    assert "the page leads on to sso.example, which the target does not list" in judged.sentence
    assert (judged.verdict, events.value, page.value.led_to) == (Verdict.INCONCLUSIVE, (), ())
    assert (other.asked, forwarder.was_asked_for("sso"), forwarder.was_asked_for("loja")) == ([], False, True)
