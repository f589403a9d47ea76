"""The small parts of a viewer: what counts in it, what plays a video, what can be clicked, what moves by itself."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from releasegate.probes.browser import words
from releasegate.probes.browser.viewer import Viewer

OTHERS = {"close": words.CLOSE.pattern, "next": words.NEXT.pattern, "previous": words.PREVIOUS.pattern}


def opened(page, inside):
    """Open a viewer that covers the window and holds this."""
    page.set_content("<p>thread</p>")
    page.evaluate("() => __releasegate.remember()")
    over = f'<div style="position:fixed;inset:0;background:#000;color:#fff">{inside}</div>'
    page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", over)


@pytest.mark.parametrize(
    ("text", "counts", "found"),
    [
        ("2 / 3", [3], "2/3"),
        ("Foto 2 de 3", [3], "2/3"),
        ("12/11/2025 14:30", [11], ""),
        ("12/11/2025", [2, 11], ""),
        ("3/11 14:30", [3], ""),
        ("Joana, 3-12", [3], ""),
        ("7 / 48", [3], ""),
        ("2 / 3", [3, 4], "2/3"),
    ],
)
def test_a_date_is_no_counter(page, text, counts, found):
    """What counts the attachments counts as many as there are."""
    opened(page, f"<span>{text}</span>")
    assert page.evaluate("asked => __releasegate.counter(asked)", {"css": "", "counts": counts}) == found


@pytest.mark.parametrize(
    ("video", "beside", "is_playable"),
    [
        ("", '<button aria-label="Fechar">X</button>', False),
        ("", '<button style="position:fixed;top:0;right:0"><svg width="20" height="20"></svg></button>', False),
        ("", '<button>Anterior</button><button class="arrow-next">&gt;</button>', False),
        ("", "<button>Fechar</button><button>Reproduzir</button>", True),
        ("", '<button>Fechar</button><input type="range">', True),
        ("controls", "<button>Fechar</button>", True),
    ],
)
def test_what_closes_a_video_does_not_play_it(page, video, beside, is_playable):
    """The X and the arrows stand beside every medium; a video needs something of its own."""
    opened(page, f'<video {video} width="600" height="400" src="data:video/mp4;base64,AA"></video>{beside}')
    asked = {"css": "", "needles": ["video/mp4"], "others": [], "ratio": None, "unavailable": ""}
    page.evaluate("asked => __releasegate.viewer(asked)", asked)
    assert page.evaluate("asked => __releasegate.isPlayable(asked)", {"css": "", "others": OTHERS}) is is_playable


SVG = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='640' height='400'/>#"
BACKDROP = f'<div style="position:fixed;inset:0;background-image:url(&quot;{SVG}%s&quot;)"></div>'
SHOWN = f'<img width="%d" height="%d" style="position:relative" src="{SVG}%s">'


@pytest.mark.parametrize(
    ("backdrop", "shown", "found"),
    [
        pytest.param("waves.svg", (640, 400, "foto-1.jpg"), (True, 640), id="behind the picture"),
        pytest.param("waves.svg", (640, 400, "foto-2.jpg"), (False, 640), id="behind another picture"),
        pytest.param("foto-1.jpg", (640, 400, "logo.svg"), (True, 1280), id="the picture itself, below a drawing"),
        pytest.param("waves.svg", (64, 40, "foto-1.jpg"), (None, 1280), id="a blob's, with a small one to choose by"),
        pytest.param("waves.svg", (640, 400, "logo.svg"), (None, 1280), id="neither is known"),
    ],
)
def test_a_decoration_that_fills_the_window_is_not_what_the_viewer_shows(page, backdrop, shown, found):
    """The largest thing in a viewer is its medium, unless only a smaller one on it has an address that is known."""
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page, BACKDROP % backdrop + SHOWN % shown)
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    asked = {"css": "", "needles": ["foto-1.jpg"], "others": [["foto-2.jpg"]], "ratio": None, "unavailable": ""}
    state = page.evaluate("asked => __releasegate.viewer(asked)", asked)
    assert (state["same"], state["width"]) == found


# painted(seed, width, height, crop): a blob of stripes in colours of a seed, cut from its middle; flat for seed 0.
PAINTER = """
const painted = async (seed, width, height, crop = 1) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * crop, height];
  const context = canvas.getContext("2d");
  for (let at = 0; at < 8; at += 1) {
    context.fillStyle = `hsl(${seed ? (at * seed * 97) % 360 : 200} 70% ${seed ? 20 + (at * seed * 31) % 60 : 50}%)`;
    context.fillRect(at * width / 8 - width * (1 - crop) / 2, 0, width / 8, height);
  }
  return URL.createObjectURL(await new Promise((done) => canvas.toBlob(done)));
};
const blobs = {};
const show = async (name, ...painting) => {
  blobs[name] ??= await painted(...painting);
  const image = new Image();
  image.src = blobs[name];
  await image.decode();
  document.body.append(image);
  return image;
};
const thumbnail = async (key, ...painting) => __releasegate.kept.set(key, await show(key, ...painting)) && null;
const open = async (...painting) => {
  (await show(...painting)).style = "position:fixed; inset:0; width:100%; height:100%";
};
"""
THUMBNAILS = {"own": (3, 120, 90), "second": (5, 120, 90), "third": (7, 120, 90)}


@pytest.mark.parametrize(
    ("thumbnails", "shown", "found"),
    [
        pytest.param(THUMBNAILS, ("large", 3, 800, 600), True, id="larger"),
        pytest.param(THUMBNAILS, ("large", 5, 800, 600), False, id="another's, larger"),
        pytest.param(THUMBNAILS, ("large", 11, 800, 600), None, id="like none of them"),
        pytest.param(THUMBNAILS | {"third": (3, 120, 90)}, ("large", 3, 800, 600), None, id="sent twice"),
        pytest.param(THUMBNAILS | {"own": (3, 180, 90, 0.5)}, ("large", 3, 800, 400), True, id="cut to a square"),
        pytest.param(dict.fromkeys(THUMBNAILS, (0, 120, 90)), ("own", 0, 0, 0), True, id="one colour, the same blob"),
        pytest.param(dict.fromkeys(THUMBNAILS, (0, 120, 90)), ("third", 0, 0, 0), False, id="another's very blob"),
        pytest.param(dict.fromkeys(THUMBNAILS, (0, 120, 90)), ("large", 0, 800, 600), None, id="one colour"),
        pytest.param({"second": (5, 120, 90)}, ("large", 5, 800, 600), None, id="no thumbnail of its own"),
    ],
)
def test_where_no_address_tells_what_is_painted_does(page, thumbnails, shown, found):
    """A page that fetches files with a header of its own shows blobs: each load has an address of its own."""
    page.goto("about:blank")
    page.add_script_tag(content=PAINTER)
    for key, painted in thumbnails.items():
        page.evaluate("async ([key, painted]) => thumbnail(key, ...painted)", [key, painted])
    page.evaluate("() => __releasegate.remember()")
    page.evaluate("async (shown) => open(...shown)", shown)
    asked = {
        "css": "", "needles": ["foto-1.jpg"], "others": [["foto-2.jpg"], ["foto-3.jpg"]], "ratio": None,
        "unavailable": "", "key": "own", "otherKeys": ["second", "third"],
    }  # fmt: skip
    assert page.evaluate("asked => __releasegate.viewer(asked)", asked)["same"] is found


@pytest.mark.parametrize(
    ("over", "is_bare"),
    [
        ("", True),
        ('<div style="position:fixed;inset:0;pointer-events:none"></div>', True),
        ('<div style="position:fixed;inset:0;background:#fff">cookies?</div>', False),
    ],
)
def test_what_something_lies_over_cannot_be_clicked(page, over, is_bare):
    """A click on what lets clicks through meets what is around it; a click on a covered thing meets something else."""
    page.set_content(f'<p><span id="gone" style="pointer-events:none">Content unavailable</span></p>{over}')
    assert page.evaluate("() => __releasegate.liesBare(document.getElementById('gone'))") is is_bare


def test_what_moves_by_itself_and_what_is_marked_are_signs(page):
    """A spinner says that something is going on, without a word; what is hidden says nothing."""
    page.set_content(
        "<style>@keyframes round { to { rotate: 1turn } } .spins { width: 9px; height: 9px; "
        "animation: round 1s infinite }</style><p>Inbox</p><i class='spins' style='display:block'></i>"
        "<p role='alert' hidden>no</p><p role='status'>yes</p><div class='spins' hidden></div>"
    )
    assert page.evaluate("() => __releasegate.saying()") == {"text": "Inbox\n\nyes", "signs": 2}


SPINNER = {"state": "painted", "covers": 1.0, "same": None, "width": 32.0, "height": 32.0}
GROWING = {**SPINNER, "same": True, "width": 90.0, "height": 60.0}
LARGE = {**SPINNER, "same": True, "width": 900.0, "height": 600.0}


@pytest.mark.parametrize(
    ("states", "width"), [([SPINNER, SPINNER, GROWING, LARGE], 900.0), ([SPINNER], 32.0), ([GROWING], 90.0)]
)
def test_a_spinner_and_a_picture_that_still_grows_are_not_yet_the_medium(page, states, width):
    """What never comes is judged by what stands there when the time is over."""
    viewer = object.__new__(Viewer)
    viewer.visit = SimpleNamespace(page=page, site=SimpleNamespace(slowest_s=1.0))
    viewer.thumbnail = (140.0, 105.0)
    left = list(states)
    viewer.look = lambda *_: left.pop(0) if len(left) > 1 else left[0]
    assert viewer.await_medium(SimpleNamespace(), grown=True)["width"] == width


def test_a_spinner_is_nothing_to_close_or_to_turn_from(page):
    """What is known to be the medium may still grow meanwhile."""
    viewer = object.__new__(Viewer)
    viewer.visit = SimpleNamespace(page=page, site=SimpleNamespace(slowest_s=1.0))
    viewer.thumbnail = (140.0, 105.0)
    left = [SPINNER, SPINNER, GROWING, LARGE]
    viewer.look = lambda *_: left.pop(0)
    assert viewer.await_medium(SimpleNamespace()) == GROWING


def test_a_control_that_comes_after_the_medium_is_waited_for(page):
    """A close button that fades in behind the picture; one that never comes has no name."""
    viewer = object.__new__(Viewer)
    clicked: list[str] = []
    control = SimpleNamespace(click=lambda **_: clicked.append("close"))
    viewer.visit = SimpleNamespace(page=page, doing=lambda _: nullcontext())
    found = [("", None), ("", None), ("Close", control)]
    viewer._control = lambda *_: found.pop(0)
    assert (viewer.press("close"), clicked) == ("Close", ["close"])
    viewer._control = lambda *_: ("", None)
    assert viewer.press("close") == ""


ICON = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


@pytest.mark.parametrize(
    ("drawn", "found"),
    [
        ('class="lb-close" style="display:block;width:30px;height:30px"', "lb-close"),
        ('style="position:absolute;top:0;right:0;width:30px;height:30px"', "(no name)"),
        ('style="position:absolute;top:0;right:0;width:120px;height:90px"', None),
    ],
)
def test_a_close_button_may_be_an_icon_in_the_background(page, drawn, found):
    """Lightbox2 draws its X so; a thumbnail in the background of a link is no button."""
    opened(page, f'<a role="button" tabindex="0" {drawn}></a>')
    page.evaluate("url => document.querySelector('a').style.background = `url(${url})`", ICON)
    asked = {"css": "", "what": "close", "source": words.CLOSE.pattern, "named": False}
    assert page.evaluate("asked => __releasegate.control(asked)", asked) == found
