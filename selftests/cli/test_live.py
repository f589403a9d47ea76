"""What a command prints goes to the screen as it comes, and no secret with it, in whatever pieces it arrives."""

from __future__ import annotations

import os
import time
from threading import Thread

import pytest

from releasegate.cli import live
from releasegate.cli.live import Screen, follow
from releasegate.core.redaction import Redactor

SECRET = "correct-horse\nbattery"


@pytest.fixture
def shown(monkeypatch):
    """Return the texts that reached the screen, and a screen that masks SECRET."""
    redactor = Redactor()
    redactor.register(SECRET)
    monkeypatch.setattr(live, "redactor", redactor)
    texts: list[str] = []
    return texts, Screen(texts.append)


@pytest.mark.parametrize("pause", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 40])
def test_a_secret_in_pieces_is_masked(shown, size, pause):
    """Also one over two lines, and where the output stands still in the middle of it; nothing else is lost."""
    texts, screen = shown
    printed = f"connecting\r10%\r\npassword={SECRET}\nbye {SECRET}"
    for start in range(0, len(printed), size):
        screen.add(printed[start : start + size])
        if pause:
            screen.pause()
    screen.close()
    assert "".join(texts) == "connecting\r10%\r\npassword=[redacted]\nbye [redacted]"
    assert screen.output == f"connecting\n10%\npassword={SECRET}\nbye {SECRET}"


def test_a_line_is_shown_when_it_ends_and_a_prompt_when_nothing_follows(shown):
    """A word that may go on waits: it could become an address of a customer."""
    texts, screen = shown
    screen.add("first\nto ana.sou")
    assert texts == ["first\n"]
    screen.pause()
    assert texts == ["first\n", "to "]
    screen.add("za@example.com\nContinue? [y/n]:")
    screen.pause()
    assert texts[2:] == ["[redacted e-mail]\n", "Continue? [y/n]:"]


def test_what_begins_like_a_secret_and_is_none_is_shown(shown):
    """Held back only until the next letter tells."""
    texts, screen = shown
    screen.add("correct-horses\n")
    screen.add("correct-horse\n")
    assert texts == ["correct-horses\n"]
    screen.add("and cart\n")
    assert texts[1:] == ["correct-horse\nand cart\n"]


def test_a_letter_cut_in_two_is_one(shown):
    """Output is UTF-8 in pieces of any size; what is none is replaced."""
    texts, screen = shown
    source, sink = os.pipe()

    def write() -> None:
        for byte in "é\n".encode() + b"\xff\n":
            os.write(sink, bytes([byte]))
            time.sleep(0.01)
        os.close(sink)

    writer = Thread(target=write)
    writer.start()
    with os.fdopen(source, "rb") as stream:
        follow(stream, screen)
    writer.join()
    screen.close()
    assert "".join(texts) == "é\n\ufffd\n"
