"""What a page may ask for: the login, and nothing else that writes; no host that nobody listed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from releasegate.probes.browser.interception import Interception, Rules, not_listed

EMAIL, PASSWORD = "ana@x.example", "couro cru 9"


def rules(*, has_session):
    return Rules.of(["https://x.example/"], [], [], (EMAIL, PASSWORD), has_session=has_session)


def asks(method, path, body=""):
    return SimpleNamespace(method=method, url=f"https://x.example{path}", post_data_buffer=body.encode() or None)


@pytest.mark.parametrize(
    ("request_", "outside", "inside"),
    [
        (asks("POST", "/api/auth/login", f'{{"email": "{EMAIL}"}}'), True, False),
        (asks("POST", "/api/who", f'{{"email": "{EMAIL}"}}'), True, False),
        (asks("POST", "/api/entrada", f'{{"segredo": "{PASSWORD}"}}'), True, True),
        (asks("PUT", "/api/entrada", "senha=couro+cru+9"), True, True),
        (asks("POST", "/api/auth/refresh"), True, True),
        (asks("POST", "/auth/v1/token?grant_type=refresh_token"), True, True),
        (asks("POST", "/api/refresh-token"), True, True),
        (asks("POST", "/chat/sessions"), True, False),
        (asks("POST", "/push/token", '{"token": "f00"}'), False, False),
        (asks("DELETE", "/api/sessions"), False, False),
        (asks("DELETE", "/api/auth/session"), False, False),
        (asks("PUT", "/api/conversations/7/refresh"), False, False),
        (asks("POST", "/api/conversations/7/read", f'{{"userEmail": "{EMAIL}"}}'), True, False),
        (asks("PATCH", "/api/me", f'{{"email": "{EMAIL}"}}'), False, False),
        (asks("GET", "/api/conversations"), True, True),
    ],
)
def test_the_login_is_let_through_and_nothing_else_that_writes(request_, outside, inside):
    """By the password wherever it is; by the e-mail and a login's address only while nobody is logged in."""
    found = [rules(has_session=has).lets_through(request_) for has in (False, True)]
    assert found == [outside, inside]


def led(*urls, kind="image"):
    """Return a request as Playwright tells it: the last one of a way."""
    step = None
    for url in urls:
        step = SimpleNamespace(
            url=url, resource_type=kind, redirected_from=step, is_navigation_request=lambda: kind == "document",
            frame=SimpleNamespace(parent_frame=None),
        )  # fmt: skip
    return step


WAYS = (("https://x.example/a", "https://x.example/b"), ("https://x.example/1?t=s", "https://cdn.example/2?sig=f"))


@pytest.mark.parametrize(
    ("is_fenced", "unlisted", "led_to"), [(True, ("cdn.example",), ()), (False, (), ("cdn.example",))]
)
def test_a_host_to_which_an_answer_leads_is_noted(is_fenced, unlisted, led_to):
    """Behind the fence as not asked, with all that is on the way; without one as asked. A listed host is neither."""
    kept = Interception(rules(has_session=True), is_fenced=is_fenced)
    for way in WAYS:
        kept.was_led(led(*way))
    assert (kept.unlisted, kept.led_to, kept.touched) == (unlisted, led_to, set(WAYS[1]) if is_fenced else set())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("image", ""),
        ("fetch", not_listed("https://x.example/1 leads on to cdn.example")),
        ("document", not_listed("the page leads on to cdn.example")),
    ],
)
def test_why_one_came_no_further_is_said_of_the_page_and_its_data(kind, said):
    """Without the query, in which a signature may stand; a picture keeps nobody from going on."""
    kept = Interception(rules(has_session=True))
    kept.was_led(led(*WAYS[1], kind=kind))
    assert kept.way_on == said


def test_a_socket_to_a_host_that_nobody_listed_is_closed():
    """It counts among what was kept from the deployment, and what the page says of it is ours."""
    kept, closed = Interception(rules(has_session=True)), []
    assert (kept.bars("wss://x.example/live"), kept.bars("wss://push.example/app?key=1")) == (False, True)
    kept.close(SimpleNamespace(url="wss://push.example/app?key=1", close=lambda: closed.append(True)))
    assert (closed, kept.unlisted, kept.may_have_upset) == ([True], ("push.example",), True)
