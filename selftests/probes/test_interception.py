"""What a page may ask for: the login, and nothing else that writes; no host that nobody listed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from releasegate.probes.browser.interception import Interception, Rules

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


def test_a_host_to_which_an_answer_leads_is_noted():
    """The browser follows by itself; a listed host is nothing to note."""
    kept = Interception(rules(has_session=True))
    for url in ("https://x.example/inbox", "https://sso.example/login?next=1", "https://sso.example/2"):
        kept.was_led_to(url)
    assert kept.led_to == ("sso.example",)


def test_a_socket_to_a_host_that_nobody_listed_is_closed():
    """It counts among what was kept from the deployment, and what the page says of it is ours."""
    kept, closed = Interception(rules(has_session=True)), []
    assert (kept.bars("wss://x.example/live"), kept.bars("wss://push.example/app?key=1")) == (False, True)
    kept.close(SimpleNamespace(url="wss://push.example/app?key=1", close=lambda: closed.append(True)))
    assert (closed, kept.unlisted, kept.may_have_upset) == ([True], ("push.example",), True)
