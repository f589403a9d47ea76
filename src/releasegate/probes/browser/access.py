"""Whether the new parts of the page can be used by everybody, as far as axe-core can tell: no network, one script."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Error

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation, Medium
from releasegate.core.facts.page import AccessFacts, Barrier
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.viewer import is_open, viewer_of
from releasegate.probes.browser.visit import Visit

_AXE: Final = Path(__file__).with_name("axe") / "axe.min.js"
_MOST_PARTS: Final = 8  # messages: more of the same kind break the same rules
# WCAG as the law has it; what axe calls best practice is taste. Rules about the whole page are not about its new parts.
_RULES: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
    "elementRef": False,
}
_RUN: Final = """async ([keys, rules]) => {
  const parts = keys.map((key) => __releasegate.kept.get(key)).filter((el) => el?.isConnected);
  if (!parts.length) return { parts: 0, found: [] };
  const { violations } = await axe.run({ include: parts }, rules);
  const found = violations.map((one) => [one.id, one.impact ?? "", one.nodes.length, one.nodes[0].html.slice(0, 120)]);
  return { parts: parts.length, found };
}"""


def in_thread(desk: Desk, conversation: Conversation) -> Measurement[AccessFacts]:
    """Ask axe about the messages of a conversation that hold a medium or a reply."""
    began = time.monotonic()
    new = [one.id for one in conversation.messages if one.media or one.original]
    where, picture = f"messages of conversation {conversation.id}", b""
    try:
        with desk.thread(conversation) as thread:
            thread.ask()
            ids = {one.id for one in thread.messages}
            keys = [f"row {key}" for key in reversed(new) if key in ids][:_MOST_PARTS]
            facts, picture = _asked(thread.visit, where, keys), thread.visit.picture()
    except StuckOnPage as error:
        facts = AccessFacts(where=where, parts=0, trouble=str(error))
    return _measured(facts, began, picture)


def in_viewer(desk: Desk, conversation: Conversation, medium: Medium) -> Measurement[AccessFacts]:
    """Ask axe about the open viewer."""
    began = time.monotonic()
    where, picture = f"viewer of message {medium.message}", b""
    try:
        with viewer_of(desk, conversation, medium) as viewer:
            viewer.open(medium)
            if is_open(viewer.await_medium(medium)):
                viewer.await_still()  # half faded in, every text is too pale
                viewer.visit.evaluate("keepViewer", viewer.css)
                facts, picture = _asked(viewer.visit, where, ["viewer"]), viewer.visit.picture()
            else:
                facts = AccessFacts(where=where, parts=0, trouble="no viewer opened")
    except StuckOnPage as error:
        facts = AccessFacts(where=where, parts=0, trouble=str(error))
    return _measured(facts, began, picture)


def _asked(visit: Visit, where: str, keys: list[str]) -> AccessFacts:
    page = visit.page
    try:
        if not page.evaluate("Boolean(window.axe?.run)"):
            page.evaluate(_AXE.read_text("utf-8"))
        answer: dict[str, Any] = page.evaluate(_RUN, [keys, _RULES])
    except Error as error:
        return AccessFacts(where=where, parts=0, trouble=f"axe could not run: {str(error).splitlines()[0]}")
    found = (
        Barrier(rule=rule, impact=impact, elements=count, example=html) for rule, impact, count, html in answer["found"]
    )
    return AccessFacts(where=where, parts=answer["parts"], barriers=tuple(found))


def _measured(facts: AccessFacts, began: float, picture: bytes) -> Measurement[AccessFacts]:
    return Measurement(
        value=facts, unit="parts", rows=facts.parts, query=f"axe.run on the {facts.where}",
        duration_s=time.monotonic() - began, shown=asdict(facts), blobs={"axe.jpg": picture} if picture else {},
    )  # fmt: skip
