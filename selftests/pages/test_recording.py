"""The trace of what the browser did last: a person can open it, and no secret and no message is in it."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile

import pytest
from server import PASSWORD, USER

from releasegate.core.redaction import redactor
from releasegate.probes.browser import loading as probe
from releasegate.probes.browser import thread, viewer, walking
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.recording import Recording

MESSAGES = ("Tem essa sela", "Pergunta número", "Temos sim", "segredo apagado", "Joana", "Bento")
SECRETS = (USER + '"', PASSWORD, "bolacha-987654321", "loja-segredo-123456789")


@pytest.fixture
def worked(oficina):
    """Return a page that was logged into, opened and clicked on."""
    site, samples, _ = oficina("uncaught")
    with Desk(site) as desk:
        thread.look_at_thread(desk, samples.conversations[0])
        viewer.close_each(desk, walking.choose(site, samples)[:1], ("button",))
    return site


@pytest.fixture
def trace(worked):
    """Return the trace of what was done."""
    return probe.last_events(worked, "call").blobs["trace.zip"]


def files_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_tells_what_was_done_and_no_secret_and_no_message(trace):
    """Steps, requests with their status, errors, pictures; no header, no body, no query, nothing typed, no name."""
    files = files_of(trace)
    text = files["trace.trace"].decode()
    assert "enter conversation p-77" in text
    assert "click the thumbnail of message p-77" in text
    assert "uncaught error: naoExiste is not defined" in text
    network = [json.loads(line)["snapshot"] for line in files["trace.network"].decode().splitlines()]
    asked = {(one["request"]["method"], one["request"]["url"].rsplit("/", 1)[-1], one["response"]["status"])
             for one in network}  # fmt: skip
    assert {("GET", "programa.js", 200), ("POST", "entrar", 200), ("GET", "p-77", 200)} <= asked
    assert [name for name in files if name.endswith(".jpeg")]
    everything = b"\0".join(files.values()).decode("utf-8", "replace")
    assert [text for text in (*MESSAGES, *SECRETS, "largura=") if text in everything] == []


def test_a_planted_secret_is_masked_in_all_it_is_told():
    """Whatever a page puts into an address or into its console."""
    secret = "pl4nted-in-the-page"
    redactor.register(secret)
    recording = Recording()
    window = recording.window()
    recording.went_to(window, f"https://x/{secret}/y")
    recording.answered(window, "GET", f"https://x/{secret}?{secret}", 200)
    recording.failed(window, "GET", f"https://x/{secret}", "net::ERR_FAILED")
    with pytest.raises(ValueError, match=secret), recording.doing(window, f"open /{secret}"):
        raise ValueError(secret)
    recording.said(window, "console", redactor.text(f"token {secret}"))
    assert secret not in str(recording.told)
    assert secret.encode() not in b"".join(files_of(recording.as_trace()).values())


@pytest.mark.everything  # a viewer that is started, and a browser that looks at it
def test_playwright_opens_it(worked, trace, tmp_path):
    """`playwright show-trace` lists the steps, and the requests with their status."""
    file = tmp_path / "trace.zip"
    file.write_bytes(trace)
    command = [sys.executable, "-m", "playwright", "show-trace", "--host", "127.0.0.1", "--port", "0", str(file)]
    asked = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "process_group": 0}
    with subprocess.Popen(command, **asked) as showing:
        try:
            url = next(found[0] for line in showing.stdout if (found := re.search(r"http://\S+", line)))
            page = worked._browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(url)
            page.get_by_text("enter conversation p-77").first.wait_for()
            page.get_by_text("Network", exact=True).first.click()
            page.get_by_text("programa.js").first.wait_for()
        finally:
            os.killpg(showing.pid, signal.SIGTERM)  # the viewer is a process of the one that was started
