"""Faults of the pages: what people would see, or not see, in their browser."""

from typing import Final

from reference_inbox import moments
from reference_inbox.faults.code import (
    Edit,
    patches_page,
    restores_page,
    serves_other_commit,
    serves_own_commit,
)
from reference_inbox.faults.fault import Fault


def patched(gate: str, name: str, what: str, trips: tuple[str, ...], *edits: Edit) -> Fault:
    """Make a fault of edits to the pages' build."""
    return Fault(name, moments.RELEASED, gate, what, trips, patches_page(name, *edits), restores_page(name))


FRONTEND: Final = (
    patched(
        "frontend",
        "console-error",
        "the page logs an error to the console when it starts",
        ("frontend/console-clean",),
        ("main.js", "let inbox = null;\n", 'console.error("settings could not be read");\nlet inbox = null;\n'),
    ),
    Fault(
        "stale-frontend",
        moments.RELEASED,
        "frontend",
        "the checkout is new and the pages served are the old build",
        ("frontend/right-build",),
        serves_other_commit("stale-frontend", "frontend", "old"),
        serves_own_commit("stale-frontend", "frontend"),
    ),
    patched(
        "frontend",
        "script-404",
        "the page asks for a script that is not there",
        ("frontend/page-loads", "frontend/console-clean"),
        ("index.html", "</head>", '  <script type="module" src="/assets/metrics.js"></script>\n</head>'),
    ),
    patched(
        "frontend",
        "login-broken",
        "the login form posts to an address that is not there",
        ("frontend/login",),
        ("paths.js", '"/api/auth/login"', '"/api/auth/sign-in"'),
    ),
)

SMOKE: Final = (
    patched(
        "smoke",
        "escape-dead",
        "the Escape key does not close the viewer",
        ("smoke/viewer-closes",),
        ("viewer.js", "  key(event) {\n", '  key(event) {\n    if (event.key === "Escape") event.preventDefault();\n'),
    ),
    patched(
        "smoke",
        "close-button-dead",
        "the viewer's X button does nothing",
        ("smoke/viewer-closes",),
        ("viewer.js", "onclick: () => this.dialog.close()", 'onclick: () => this.dialog.classList.add("closing")'),
    ),
    patched(
        "smoke",
        "arrows-dead",
        "the viewer's arrows do not lead to the next attachment",
        ("smoke/viewer-arrows",),
        ("viewer.js", "    this.place = there;\n    this.show();\n", "    this.place = there;\n"),
    ),
    patched(
        "smoke",
        "viewer-wrong-picture",
        "the viewer shows another picture than the thumbnail",
        ("smoke/viewer-opens", "smoke/viewer-arrows", "smoke/fallback-in-viewer"),
        (
            "viewer.js",
            'el("img", { src: attachment.url, alt: name,',
            'el("img", { src: new URL("/media/photos/02-prato.jpg", attachment.url).href, alt: name,',
        ),
    ),
    patched(
        "smoke",
        "thumbnails-missing",
        "videos have no thumbnail in the thread",
        ("smoke/old-media-shown", "smoke/viewer-opens"),
        (
            "attachments.js",
            "const tiles = viewed.map(",
            'const tiles = viewed.filter((one) => one.type === "image").map(',
        ),
    ),
    patched(
        "smoke",
        "fallback-missing",
        "dead media is a broken image in the thread",
        ("smoke/fallback",),
        ("attachments.js", "    button.replaceChildren(...unavailable());\n", ""),
    ),
    patched(
        "smoke",
        "fallback-on-live-media",
        "pictures that load are shown as unavailable",
        (
            "smoke/old-media-shown",
            "smoke/viewer-opens",
            "smoke/viewer-closes",
            "smoke/viewer-arrows",
            "smoke/fallback",
        ),
        ("attachments.js", 'decoding: "async", onerror: onDead', 'decoding: "async", onload: onDead'),
    ),
    patched(
        "smoke",
        "viewer-spins",
        "the viewer waits for ever for dead media",
        ("smoke/fallback-in-viewer",),
        ("viewer.js", "alt: name, onerror: dead, onload: ready", "alt: name, onload: ready"),
    ),
    patched(
        "smoke",
        "reply-box-missing",
        "replies do not show what they reply to",
        ("smoke/reply-shown", "smoke/deleted-original"),
        (
            "message.js",
            "message.repliedTo && replyBox(message.repliedTo, thread)",
            "message.replied_to && replyBox(message.replied_to, thread)",
        ),
    ),
    patched(
        "smoke",
        "deleted-text-missing",
        "a reply to a deleted message does not say that it is deleted",
        ("smoke/deleted-original",),
        (
            "reply.js",
            '{ class: "reply-text" }, texts.originalDeleted)',
            '{ class: "reply-text" }, texts.deleted ?? "")',
        ),
    ),
    patched(
        "smoke",
        "console-error-in-thread",
        "the page logs an error to the console whenever a conversation is opened",
        ("smoke/console-clean",),
        (
            "thread.js",
            "      if (page.messages.length === 0)",
            '      console.error("the times of messages could not be read");\n      if (page.messages.length === 0)',
        ),
    ),
    patched(
        "smoke",
        "error-as-empty",
        "an error of the API is shown as a conversation without messages",
        ("smoke/error-is-shown",),
        (
            "thread.js",
            "this.list.replaceChildren(notice(texts.couldNotLoadMessages, () => this.load(), texts.tryAgain));",
            'this.list.replaceChildren(el("p", { class: "hint" }, texts.noMessages));',
        ),
    ),
)

FAULTS: Final = FRONTEND + SMOKE
