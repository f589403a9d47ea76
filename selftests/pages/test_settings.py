"""What a target file sets of the browser: each setting does what it says, and without it the page is another."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import suppress

import pytest
from server import Oficina

from releasegate.checks.page import loading, media
from releasegate.core import CannotMeasure, Verdict
from releasegate.probes.browser import loading as probe
from releasegate.probes.browser import thread, viewer
from releasegate.probes.browser.desk import Desk


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a certificate that nobody signed but itself, with its key."""
    file = tmp_path_factory.mktemp("tls") / "own.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    try:
        subprocess.run(
            [*command, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file, "-out", f"{file}.crt"],
            check=True, capture_output=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("no openssl on this machine: install openssl")
    with file.open("a", encoding="ascii") as whole:
        whole.write(file.with_suffix(".pem.crt").read_text("ascii"))
    return file


def loads(site):
    page, events = probe.look_at_page(site)
    clean = loading.console_clean("frontend/console-clean", events.value, "runbook 5.5", pages=1)
    return loading.page_loads("frontend/page-loads", page.value, "runbook 5.5"), clean


@pytest.mark.everything  # a browser each
def test_a_certificate_that_nobody_knows_is_refused(oficina, certificate):
    """As people's browsers do: the page does not load, and the finding says why."""
    site, _, _ = oficina(certificate=certificate, login="none")
    judged, _ = loads(site)
    assert (judged.verdict, "ERR_CERT_AUTHORITY_INVALID" in judged.sentence) == (Verdict.FAIL, True), judged.sentence


def test_a_certificate_of_one_s_own_is_taken_where_the_target_says_so(oficina, certificate):
    """[frontend] verify_tls = false: login, conversation and pictures over https."""
    site, samples, _ = oficina(certificate=certificate, verify_tls=False)
    assert site.login.is_in
    with Desk(site) as desk:
        facts = thread.look_at_thread(desk, samples.conversations[1]).value
    assert (facts.trouble, [one.shown.is_shown for one in facts.media]) == ("", [True])


@pytest.mark.parametrize(
    ("faults", "verdict", "said"),
    [
        (["mixed-content"], Verdict.FAIL, "requested an insecure element"),
        pytest.param(["mixed-script"], Verdict.FAIL, "requested an insecure script", marks=pytest.mark.everything),
        pytest.param([], Verdict.PASS, "nothing new went wrong", marks=pytest.mark.everything),
    ],
)
def test_what_is_not_encrypted_on_an_encrypted_page_is_a_finding(oficina, certificate, faults, verdict, said):
    """Browsers load a picture otherwise than was asked, and a script not at all: people see it missing."""
    site, _, _ = oficina(*faults, certificate=certificate, verify_tls=False, login="none")
    _, clean = loads(site)
    assert (clean.verdict, said in clean.sentence) == (verdict, True), clean.sentence


@pytest.mark.everything  # a browser each
@pytest.mark.parametrize(("hosts", "verdict"), [([], Verdict.INCONCLUSIVE), (["127.0.0.2"], Verdict.PASS)])
def test_a_page_that_leads_to_a_host_that_nobody_listed_cannot_be_told(oficina, hosts, verdict):
    """What it needs of that host is not asked for, and the sentence names it; listed, it is a page like any other."""
    with Oficina(host="127.0.0.2") as other:
        site, _, _ = oficina(moved_to=other.url, login="none", hosts=hosts)
        judged, _ = loads(site)
        assert (judged.verdict, "127.0.0.2" in judged.sentence) == (verdict, True), judged.sentence
        assert ("/loja/programa.js?v=7" in other.asked) == bool(hosts) == bool(other.asked)


def test_pictures_of_a_host_that_nobody_listed_cannot_be_told(oficina):
    """What stands in their place is the gate's own, and is neither taken for the picture nor for a fault."""
    site, samples, _ = oficina("pictures-from-elsewhere")
    choices = [(samples.conversations[1], samples.conversations[1].media[0])]
    with Desk(site) as desk:
        look, (view,) = thread.look_at_thread(desk, samples.conversations[1]), viewer.open_each(desk, choices)
    said = "the pictures are asked of fotos.example, which the target does not list; add it to [frontend] hosts"
    shown = media.old_media_shown("smoke/old-media-shown", [look.value], ("image",), ("image",), "runbook 6.1")
    opened = media.viewer_opens("smoke/viewer-opens", [view.value], "runbook 6.2")
    for judged in (shown, opened):
        assert (judged.verdict, said in judged.sentence) == (Verdict.INCONCLUSIVE, True), judged.sentence


@pytest.mark.everything  # a browser each
@pytest.mark.parametrize(
    ("browser", "seen"),
    [
        ({"locale": "en-GB", "timezone": "Asia/Tokyo", "viewport": (820, 600)}, ["en-GB", "Asia/Tokyo", 820, 600]),
        ({}, ["pt-BR", "America/Sao_Paulo", 1280, 800]),
    ],
)
def test_the_page_sees_the_target_s_language_time_and_window(oficina, browser, seen):
    """[browser] locale, timezone and viewport, as the page's own scripts are told them."""
    site, _, _ = oficina(browser=browser)
    with site.visit(logged_in=False) as visit:
        visit.open("/")
        zone = "Intl.DateTimeFormat().resolvedOptions().timeZone"
        assert visit.page.evaluate(f"[navigator.language, {zone}, innerWidth, innerHeight]") == seen


@pytest.fixture
def proxy():
    """Return a proxy that notes what it was asked for, and answers every page itself."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = []

        def serve():
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        asked.append(connection.recv(65536).split(b"\r\n")[0].decode())
                        body = b"<p>by the proxy</p>"
                        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n"
                        connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.everything  # a browser each
def test_the_browser_asks_through_the_proxy(oficina, proxy):
    """[browser] proxy: a host that only the proxy can reach answers, and the proxy was asked for it."""
    address, asked = proxy
    site, _, _ = oficina(browser={"proxy": address}, url="http://so-pelo-proxy.example/loja/", login="none")
    with site.visit() as visit:
        assert (visit.open("/"), visit.page.inner_text("body")) == (200, "by the proxy")
    assert "GET http://so-pelo-proxy.example/loja/ HTTP/1.1" in asked


@pytest.mark.everything  # a browser each
def test_without_a_proxy_such_a_host_is_not_found(oficina):
    """The same address, asked for by the browser itself."""
    site, _, _ = oficina(url="http://so-pelo-proxy.example/loja/", login="none")
    with pytest.raises(CannotMeasure, match="ERR_"), site.visit() as visit:
        visit.open("/")
