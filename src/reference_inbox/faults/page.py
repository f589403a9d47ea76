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
from reference_inbox.faults.encrypted import encrypt_and_mix, serve_plain
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
    patched(
        "frontend",
        "uncaught-error",
        "a script of the page calls a function that does not exist",
        ("frontend/console-clean",),
        ("main.js", "let inbox = null;\n", "let inbox = null;\nsetTimeout(() => startMetrics());\n"),
    ),
    Fault(
        "mixed-content",
        moments.RELEASED,
        "frontend",
        "the pages are served over https and ask for a picture over http",
        ("frontend/console-clean",),
        encrypt_and_mix,
        serve_plain,
        services=("process",),
    ),
    patched(
        "frontend",
        "sideways-on-phones",
        "on a phone the page is wider than the screen",
        ("frontend/fits-screens",),
        ("media.css", "/* the viewer */", "body { min-width: 700px; }\n/* the viewer */"),
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
        ("smoke/viewer-arrows", "smoke/viewer-ends", "smoke/viewer-keyboard"),
        ("viewer.js", "    this.place = there;\n    this.show();\n", "    this.place = there;\n"),
    ),
    patched(
        "smoke",
        "viewer-wrong-picture",
        "the viewer shows another picture than the thumbnail",
        ("smoke/viewer-opens", "smoke/viewer-arrows", "smoke/viewer-ends", "smoke/fallback-in-viewer"),
        (
            "viewer.js",
            'el("img", { src: attachment.url, alt: name,',
            'el("img", { src: new URL("/media/photos/02-prato.jpg", attachment.url).href, alt: name,',
        ),
    ),
    patched(
        "smoke",
        "viewer-not-full",
        "the viewer is a box in a corner of the window",
        ("smoke/viewer-opens", "smoke/viewer-closes"),
        ("viewer.js", "this.dialog.showModal();", "this.dialog.show();"),
        (
            "media.css",
            ".viewer { width: 100vw; height: 100dvh;",
            ".viewer { position: fixed; z-index: 9; inset: 0 auto auto 0; width: 75vw; height: 75dvh;",
        ),
    ),
    patched(
        "smoke",
        "arrows-wrap",
        "the viewer's arrow leads from the last attachment to the first",
        ("smoke/viewer-ends",),
        (
            "viewer.js",
            "const there = this.place + by;",
            "const there = (this.place + by + this.attachments.length) % this.attachments.length;",
        ),
        ("viewer.js", "    this.next.disabled = this.place === last;\n", ""),
    ),
    patched(
        "smoke",
        "viewer-tires",
        "the viewer opens a dozen times and then no more",
        ("smoke/viewer-again",),
        (
            "viewer.js",
            "  new Viewer(attachments, place, sender, opener).open();",
            (
                "  openViewer.times = (openViewer.times ?? 0) + 1;\n"
                "  if (openViewer.times < 15) new Viewer(attachments, place, sender, opener).open();"
            ),
        ),
    ),
    patched(
        "smoke",
        "keyboard-cannot-open",
        "thumbnails cannot be reached by keyboard",
        ("smoke/viewer-keyboard",),
        (
            "attachments.js",
            'el("button", { class: "tile", type: "button",',
            'el("button", { class: "tile", type: "button", tabindex: "-1",',
        ),
    ),
    patched(
        "smoke",
        "close-button-unnamed",
        "the viewer's X button has no name for those who do not see it",
        ("smoke/accessible",),
        (
            "viewer.js",
            'class: "round exit", type: "button", "aria-label": texts.close,',
            'class: "round exit", type: "button",',
        ),
    ),
    patched(
        "smoke",
        "focus-lost",
        "the focus is nowhere when the viewer has closed",
        ("smoke/viewer-keyboard",),
        ("viewer.js", "    this.opener.focus();\n", "    this.opener.blur();\n"),
    ),
    patched(
        "smoke",
        "old-media-missing",
        "the media of some messages in the middle of a conversation is not drawn",
        ("smoke/old-media-shown", "smoke/viewer-opens"),
        (
            "message.js",
            "  return [\n",
            (
                "  thread.drawn = (thread.drawn ?? 0) + 1;\n"
                "  const hidden = thread.drawn > 20 && thread.drawn < 35;\n  return [\n"
            ),
        ),
        ("message.js", "message.attachments.length > 0 &&", "message.attachments.length > 0 && !hidden &&"),
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
        "thumbnail-twice",
        "the first picture of a message is drawn by the old field and by the new one",
        ("smoke/old-media-shown",),
        (
            "attachments.js",
            "const tiles = viewed.map((one, place) => thumbnail(one, place, viewed, message));",
            (
                "const tiles = [...viewed.slice(0, 1).keys(), ...viewed.keys()]"
                ".map((place) => thumbnail(viewed[place], place, viewed, message));"
            ),
        ),
    ),
    patched(
        "smoke",
        "message-twice",
        "pages of a conversation overlap, and twenty messages are drawn twice",
        ("smoke/old-media-shown",),
        (
            "thread.js",
            "      this.append(page.messages);\n",
            "      this.append([...page.messages.slice(0, 30), ...page.messages.slice(10)]);\n",
        ),
    ),
    patched(
        "smoke",
        "neighbour-thumbnail",
        "a message is drawn with the attachments of the one before it too",
        ("smoke/old-media-shown",),
        (
            "message.js",
            "  return [\n",
            "  const before = thread.drawn ?? [];\n  thread.drawn = message.attachments;\n  return [\n",
        ),
        (
            "message.js",
            "message.attachments.length > 0 && attachmentsOf(message),",
            (
                "message.attachments.length > 0 && attachmentsOf(message),\n"
                "    before.length > 0 && attachmentsOf({ ...message, attachments: before }),"
            ),
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
        "broken-icon",
        "dead media says so, and shows a broken image besides",
        ("smoke/fallback",),
        ("attachments.js", "button.replaceChildren(...unavailable());", "button.append(...unavailable());"),
    ),
    patched(
        "smoke",
        "layout-jumps",
        "a message grows when its medium is dead",
        ("smoke/fallback",),
        (
            "media.css",
            ".tile.gone, .paper.gone, .unavailable {",
            ".tile.gone { aspect-ratio: auto; height: 620px; }\n.tile.gone, .paper.gone, .unavailable {",
        ),
    ),
    patched(
        "smoke",
        "fallback-text-wrong",
        "dead media is told in other words than promised",
        (
            "smoke/fallback",
            "smoke/fallback-in-viewer",
        ),  # the second: by other words its place is not known, to click it
        ("texts.js", 'contentUnavailable: "Content unavailable"', 'contentUnavailable: "Something went wrong"'),
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
            "smoke/viewer-keyboard",
            "smoke/viewer-ends",
            "smoke/viewer-again",
            "smoke/accessible",
            "smoke/fallback",
            "smoke/fallback-in-viewer",
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
        "reply-wrong-sender",
        "replies name the other one as who wrote the original",
        ("smoke/reply-shown",),
        (
            "reply.js",
            "`${texts.repliedTo} ${original.senderName}`",
            (
                "`${texts.repliedTo} ${[...document.querySelectorAll('.message')]"
                ".map((one) => one.ariaLabel.split(',')[0])"
                ".find((name) => name !== original.senderName) ?? thread.title.textContent}`"
            ),
        ),
    ),
    patched(
        "smoke",
        "reply-names-nobody",
        "replies do not say whom they reply to",
        ("smoke/reply-shown",),
        ("reply.js", "`${texts.repliedTo} ${original.senderName}`", "texts.repliedTo"),
    ),
    patched(
        "smoke",
        "reply-wrong-preview",
        "replies show other words than the original's",
        ("smoke/reply-shown",),
        ("reply.js", "wordsFor(original.preview, original.kind)", 'wordsFor("Bom dia!", original.kind)'),
    ),
    patched(
        "smoke",
        "deleted-as-normal",
        "a reply to a deleted message is drawn as any other",
        ("smoke/deleted-original",),
        ("reply.js", "if (original.deleted) {", "if (original.deleted === null) {"),
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
