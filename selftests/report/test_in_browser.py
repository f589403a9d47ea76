"""The page in a real browser: offline, in the dark, on a phone, and full of whatever a deployment answered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from releasegate.core import CannotMeasure
from releasegate.evidence import Chain, Folder, Kind
from releasegate.plugin.gates import GATES
from releasegate.probes import browser
from releasegate.probes.browser import executable
from releasegate.report import write_report

HOSTILE = "<script>alert(1)</script><img src=http://127.0.0.1:9/x.png onerror=alert(2)>" + "W" * 5000 + "\u202e\x00"


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        try:
            path = executable.find(playwright, None)
        except CannotMeasure as error:
            pytest.skip(f"needs a Chromium: {error}")
        running = playwright.chromium.launch(executable_path=path, args=executable.flags(sandbox=None))
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


AXE = Path(browser.__file__).with_name("axe") / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


@pytest.fixture
def opened(chromium):
    """Return `opened(file, look)`: the page as somebody with that screen sees it."""
    contexts = []

    def open_page(path, look):
        contexts.append(chromium.new_context(**LOOKS[look], bypass_csp=True))  # axe is a script, and our page has none
        page = contexts[-1].new_page()
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("name", "lang", "look"),
    [
        ("stopped", "pt-BR", "phone"),
        *(
            pytest.param(name, lang, look, marks=pytest.mark.everything)
            for name, lang in (("released", "en"), ("released", "pt-BR"), ("rolled_back", "en"))
            for look in LOOKS
        ),
    ],
)
def test_axe_finds_nothing(opened, story, change, name, lang, look):
    """No rule of WCAG 2.2 AA and none of the best practices is broken: folded, and with everything unfolded."""
    page = opened(write_report(story(name), change, GATES, language=lang), look)
    page.add_script_tag(path=AXE)
    for _ in range(2):
        found = page.evaluate("rules => axe.run(document, rules)", RULES)
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []
        assert len(found["passes"]) > 15  # it did look
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


def test_axe_would_find_something(opened, story, change, tmp_path):
    """The rules above can fail: a page without a language and with a picture without words."""
    html = write_report(story("released"), change, GATES, language="en").read_text("utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(html.replace('<html lang="en">', "<html>").replace(" alt=", " data-alt="), "utf-8")
    page = opened(broken, "light")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.add_script_tag(path=AXE)
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    assert {"html-has-lang", "image-alt"} <= {each["id"] for each in found["violations"]}


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("released", "pt-BR"),
        *(
            pytest.param(*one, marks=pytest.mark.everything)
            for one in (("released", "en"), ("stopped", "en"), ("stopped", "pt-BR"), ("rolled_back", "pt-BR"))
        ),
    ],
)
def test_screenshots_for_somebody_to_look_at(opened, story, change, tmp_path, name, lang):
    """Light, dark, phone and print of both languages, into RELEASEGATE_SCREENSHOTS where that names a folder.

    What a program can see is asserted: the word is in the first screen, nothing is wider than the screen, and the
    picture is not empty. The rest is for eyes.
    """
    folder = Path(os.environ.get("RELEASEGATE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    report = write_report(story(name), change, GATES, language=lang)
    for look in LOOKS:
        page = opened(report, look)
        word = page.locator(".word").bounding_box()
        assert word["y"] + word["height"] < 400
        assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look]["viewport"]["width"]
        shot = folder / f"{name}-{lang}-{look}.png"
        page.screenshot(path=shot, full_page=True)
        assert len(Image.open(shot).convert("RGB").resize((200, 200)).getcolors(40_000)) > 20
    pdf = folder / f"{name}-{lang}-print.pdf"
    page.pdf(path=pdf, prefer_css_page_size=True)
    assert b"%PDF" in pdf.read_bytes()[:8]


def test_on_paper_what_is_wrong_is_unfolded_and_what_holds_is_not(opened, story, change):
    """A4; the evidence of a failed check is printed, that of a passed one only where somebody unfolded it.

    Chromium unlocks what was folded when it next draws a frame, not when the style changes: each question waits for
    one whole frame, which begins with the first callback and is over when the second is called.
    """
    page = opened(write_report(story("stopped"), change, GATES, language="en"), "light")
    page.emulate_media(media="print")
    shown = """async id => {
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
      return document.getElementById(id).querySelector(".evidence").checkVisibility({contentVisibilityAuto: true});
    }"""
    assert page.evaluate(shown, "backfill/every-row") is True
    assert page.evaluate(shown, "backfill/coverage") is False
    page.evaluate("document.getElementById('backfill/coverage').open = true")
    assert page.evaluate(shown, "backfill/coverage") is True


def test_the_keyboard_reaches_and_unfolds_the_evidence(opened, story, change):
    """Tab goes to links and summaries, Enter unfolds; nothing needs a mouse."""
    page = opened(write_report(story("stopped"), change, GATES, language="en"), "light")
    page.evaluate("document.getElementById('backup/dump-exists').querySelector('summary').focus()")
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('backup/dump-exists').open") is True
    page.evaluate("document.querySelector('.rail a').focus()")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#backup"


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
