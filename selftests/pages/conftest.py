"""A page of another make behind a real server, a real browser, and the data as a database would tell it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, sync_playwright

from releasegate.change.models import Change
from releasegate.core.facts.inbox import Conversation, Medium, Message, Original, Samples, with_customers
from releasegate.probes.browser import Site, executable, inside, open_site
from releasegate.target.models import Target

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "oficina"))
from server import PASSWORD, USER, Oficina

INTERFACE = {
    "page": {"path": "/", "source": "runbook 5.5"},
    "old_media": {"text": "Mídia indisponível", "source": "runbook 6.1"},
    "viewer": {"source": "runbook 6.2", "arrows": True},
    "reply": {"text": "Em resposta a", "names_sender": True, "source": "runbook 6.3"},
    "deleted_original": {"text": "mensagem foi apagada", "source": "runbook 6.3"},
    "fallback": {"text": "Mídia indisponível", "source": "runbook 6.4"},
}
API = {"messages": {"path": "/servico/papo/{id}", "list": ["/dados/itens"], "id": ["/codigo"], "source": "runbook 6.5"}}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Return an empty page in a real browser, with what looks at it from the inside."""
    with sync_playwright() as playwright:
        path = executable.find(playwright, None)
        browser = playwright.chromium.launch(executable_path=path, args=executable.flags(sandbox=None))
        page = browser.new_page()
        page.add_init_script(inside.SCRIPT)
        page.goto("about:blank")
        yield page
        browser.close()


@pytest.fixture
def oficina(tmp_path: Path) -> Iterator[Callable[..., tuple[Site, Samples, Oficina]]]:
    """Return `oficina(*faults)`: the page with these faults, in a browser, and its data."""
    with ExitStack() as stack:

        def start(
            *faults: str,
            certificate: Path | None = None,
            moved_to: str = "",
            elsewhere: dict[str, str] | None = None,
            browser: dict[str, object] | None = None,
            by_name: str = "",
            **frontend: object,
        ) -> tuple[Site, Samples, Oficina]:
            running = stack.enter_context(Oficina(faults, certificate, moved_to, elsewhere or {}))
            if by_name:
                frontend = {"url": running.url.replace(running.host, by_name), **frontend}
            target = target_of(running, browser=browser, **frontend)
            site = stack.enter_context(
                open_site(target, change(), tmp_path / f"session-{running.url.rsplit(':', 1)[-1][:5]}.json")
            )
            return site, samples_of(running), running

        yield start


@pytest.fixture
def files() -> SimpleNamespace:
    """Return what makes the page's target, change and data."""
    return SimpleNamespace(target=target_of, change=change, samples=samples_of)


def target_of(running: Oficina, *, browser: dict[str, object] | None = None, **frontend: object) -> Target:
    """Return the target file of the page."""
    given = {"url": running.url, "email": USER, "password": PASSWORD, **frontend}
    return Target.model_validate({"name": "oficina", "frontend": given, "browser": {"slowest": "6s"} | (browser or {})})


def change() -> Change:
    """Return what the page promises."""
    title = {"en": "Leather", "pt-BR": "Couro"}
    return Change.model_validate(
        {"id": "couro-1", "title": title, "document": "manual.md", "interface": INTERFACE, "api": API}
    )


def samples_of(running: Oficina) -> Samples:
    """Return the page's data as the database and the API would tell it."""
    names = {"p-77": ("Joana Prado",), "p-78": ("Bento Sá",)}
    conversations = tuple(
        Conversation(id=key, names=name, messages=tuple(map(_message, running.messages(key))), is_whole=True)
        for key, name in names.items()
    )
    return Samples(
        conversations=with_customers(conversations), listed=2, read=2, rows=20, replies=2, several=1, originals_gone=1
    )


def _message(one: dict) -> Message:
    key = one["codigo"]
    kinds = {"foto": "image", "filme": "video"}
    media = tuple(
        Medium(url=each["onde"], kind=kinds[each["tipo"]], message=key, is_old=True) for each in one["arquivos"]
    )
    quoted = one["citada"]
    original = quoted and Original(
        id=f"{key}-original", sender=quoted["nome"], text=quoted["texto"], is_gone=quoted.get("apagada", False)
    )
    return Message(id=key, sender=one["de"], text=one["texto"], media=media, original=original)
