"""A picture of the page shows how it looks, and nothing that a customer wrote."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from releasegate.probes.browser import pictures
from releasegate.probes.browser.pictures import picture, readable
from releasegate.target.models import Target

PAGE = """<!doctype html>
<meta http-equiv="Content-Security-Policy" content="style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>* { margin: 0 } body { font: 20px sans-serif; color: #000; background: #fff } p { height: 60px; padding: 10px }
  .slow { transition: color 5s } img { position: absolute; left: 900px }</style>
<p>BLACK</p><p class="slow">BLACK</p><input value="BLACK" style="height: 60px; border: 0; display: block">
<div id="host"></div><svg height="80" style="display: block"><text y="40" font-size="20">BLACK</text></svg>
<iframe srcdoc="<p style='font: 20px sans-serif; margin: 0'>BLACK</p>" style="border: 0; height: 80px"></iframe>
<p><span>Content unavailable</span></p>
<script>host.attachShadow({mode: "open"}).innerHTML = "<p style='color: #000; height: 60px'>BLACK</p>"</script>
"""


@pytest.fixture
def shown(page):
    page.set_content(PAGE)
    page.frames[-1].wait_for_load_state()
    return page


def dark(data: bytes, *, from_y: int = 0, to_y: int | None = None) -> int:
    """Return how many pixels between two heights are nearly black: the strokes of a letter that can be read."""
    image = Image.open(io.BytesIO(data)).convert("L")
    part = image.crop((0, from_y, image.width, to_y or image.height))
    return sum(part.histogram()[:60])


def test_no_text_can_be_read_but_what_the_release_promises(shown):
    """In fields, in drawings, in frames, behind a shadow root, in the middle of a transition."""
    data = picture(shown, texts=["content unavailable"])
    top = int(shown.locator("span").bounding_box()["y"]) - 5
    assert dark(data, to_y=top) == 0
    assert dark(data, from_y=top) > 50
    assert dark(picture(shown, texts=None), to_y=top) > 300


@pytest.mark.parametrize(("mask", "is_read"), [(["black"], False), (["R\\$"], True), ([], True)])
def test_what_the_target_masks_is_blotted_out(shown, mask, is_read):
    """[browser] mask, also where every text may be read."""
    assert bool(dark(picture(shown, mask, texts=None), to_y=120)) is is_read


def test_the_page_is_as_it_was_afterwards(shown):
    """No sheet, no attribute, no style is left; nothing has moved meanwhile."""
    picture(shown, texts=None)  # Playwright itself spells the style of a field anew
    before = shown.content(), shown.locator("p").last.bounding_box()
    picture(shown, texts=["content unavailable"])
    assert (shown.content(), shown.locator("p").last.bounding_box()) == before
    assert shown.evaluate("document.adoptedStyleSheets.length") == 0


def test_a_long_text_that_holds_a_promised_one_is_a_customer_s(shown):
    """Somebody may have written the words; a message of theirs stays unread."""
    shown.set_content(f"<p>Content unavailable, {'and that is what I wrote. ' * 5}</p>")
    assert dark(picture(shown, texts=["content unavailable"])) == 0


def test_a_page_that_never_comes_to_rest_leaves_no_picture(shown, monkeypatch):
    """A script without an end: nothing can be blurred, so nothing is shown; and nobody waits for it."""
    monkeypatch.setattr(pictures, "_LONGEST_MS", 500)
    shown.evaluate("setTimeout(() => { const end = performance.now() + 4000; while (performance.now() < end); }, 0)")
    assert picture(shown) == b""


def test_the_target_may_show_every_text(files):
    """[browser] show_texts; without it the texts of the change's interface."""
    change = files.change()
    given = {"name": "staging", "browser": {}}
    assert readable(Target.model_validate(given), change) == (
        "Mídia indisponível",
        "Em resposta a",
        "mensagem foi apagada",
    )
    given["browser"] = {"show_texts": True}
    assert readable(Target.model_validate(given), change) is None
