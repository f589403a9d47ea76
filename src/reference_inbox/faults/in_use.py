"""Faults of the pages that show in use: how the viewer handles, what dead media upsets, what is said of an error."""

from typing import Final

from reference_inbox.faults.page import patched

FAULTS: Final = (
    patched(
        "smoke",
        "background-scrolls",
        "the wheel scrolls the conversation behind the viewer",
        ("smoke/viewer-again",),
        (
            "viewer.js",
            "    this.dialog.showModal();\n",
            (
                "    this.dialog.showModal();\n"
                '    const behind = document.querySelector(".scroller");\n'
                '    this.dialog.addEventListener("wheel", (event) => behind.scrollBy(0, event.deltaY));\n'
            ),
        ),
    ),
    patched(
        "smoke",
        "counter-stands-still",
        "the viewer's counter says the same beside every attachment",
        ("smoke/viewer-ends",),
        ("viewer.js", "`${this.place + 1} / ${last + 1}`", "`1 / ${last + 1}`"),
    ),
    patched(
        "smoke",
        "focus-behind",
        "the focus does not go into the viewer when it opens",
        ("smoke/viewer-keyboard",),
        ("viewer.js", "    this.exit.focus();\n", "    document.activeElement.blur();\n"),
    ),
    patched(
        "smoke",
        "video-not-playable",
        "a video in the viewer neither plays nor has controls",
        ("smoke/viewer-opens",),
        (
            "viewer.js",
            "src: attachment.url, controls: true, playsinline: true",
            "src: attachment.url, playsinline: true",
        ),
    ),
    patched(
        "smoke",
        "only-404-is-dead",
        "of dead media only what is answered 404 is told, by asking for it again",
        ("smoke/fallback", "smoke/console-clean"),
        (
            "attachments.js",
            'decoding: "async", onerror: onDead })];',
            (
                'decoding: "async", onerror: () => fetch(attachment.url, { method: "HEAD" })'
                ".then((answer) => answer.status === 404 && onDead()).catch(() => {}) })];"
            ),
        ),
    ),
    patched(
        "smoke",
        "dead-media-throws",
        "dead media is told in the viewer, and a script stops over it",
        ("smoke/fallback",),
        (
            "viewer.js",
            "    const dead = () => frame.replaceChildren(",
            "    const dead = () => setTimeout(() => countDeadMedia()) && frame.replaceChildren(",
        ),
    ),
    patched(
        "smoke",
        "error-says-nothing",
        "an error of the API leaves the conversation white",
        ("smoke/error-is-shown",),
        (
            "thread.js",
            "this.list.replaceChildren(notice(texts.couldNotLoadMessages, () => this.load(), texts.tryAgain));",
            "this.list.replaceChildren();",
        ),
    ),
    patched(
        "smoke",
        "offline-as-empty",
        "without a network a conversation reads as one without messages",
        ("smoke/error-is-shown",),
        (
            "thread.js",
            "this.list.replaceChildren(notice(texts.couldNotLoadMessages, () => this.load(), texts.tryAgain));",
            (
                "this.list.replaceChildren(navigator.onLine\n"
                "        ? notice(texts.couldNotLoadMessages, () => this.load(), texts.tryAgain)\n"
                '        : el("p", { class: "hint" }, texts.noMessages));'
            ),
        ),
    ),
)
