"""The page in a real browser: offline, in the dark, on a phone, and full of whatever a deployment answered."""

from __future__ import annotations

import os
import shutil

import pytest

from releasegate.evidence import Chain, Folder, Kind
from releasegate.plugin.gates import GATES
from releasegate.report import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "<script>alert(1)</script><img src=http://127.0.0.1:9/x.png onerror=alert(2)>" + "W" * 5000 + "\u202e\x00"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium on PATH")


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield running
        running.close()


@pytest.fixture
def hostile_page(tmp_path, change):
    folder = Folder(tmp_path)
    with Chain.open(folder) as chain:
        chain.append(Kind.PLAN, "backup", "backup/dump-exists", title=HOSTILE)
        chain.append(Kind.START, "backup", who=HOSTILE, commits={HOSTILE: HOSTILE}, deviations=[HOSTILE])
        chain.append(Kind.MEASURE, "backup", "backup/dump-exists", value=[{HOSTILE: HOSTILE}], query=HOSTILE, rows=1)
        finding = dict.fromkeys(("check", "subject", "want", "have", "why", "fix", "run"), HOSTILE)
        chain.append(Kind.VERDICT, "backup", "backup/dump-exists", verdict="FAIL", sentence=HOSTILE, findings=[finding])
        chain.append(Kind.END, "backup", verdict="FAIL", sentence=HOSTILE)
    return write_report(folder, change, GATES, language="pt-BR")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_network_and_fits(chromium, hostile_page, width, scheme):
    """No request, no dialog, no line in the console, nothing wider than the screen; details open."""
    said: list[str] = []
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(hostile_page.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.locator(".word").inner_text() == "NO-GO"
    assert page.locator(".word").bounding_box()["y"] < 800
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    context.close()


def test_the_colours_can_be_read(chromium, story, change):
    """Every text has a contrast of at least 4.5 with its ground, in light and dark (WCAG 2.1, 1.4.3)."""
    page_file = write_report(story("released"), change, GATES, language="en")
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(page_file.as_uri())
        assert page.evaluate(LOWEST_CONTRAST) >= 4.5
        context.close()


LOWEST_CONTRAST = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let lowest = 21;
  for (const node of document.querySelectorAll("p, span, dd, dt, code, pre, h1, h2, h3, b, td, th, a")) {
    if (!node.textContent.trim() || node.closest(".vh")) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    lowest = Math.min(lowest, (a + 0.05) / (b + 0.05));
  }
  return lowest;
}"""
