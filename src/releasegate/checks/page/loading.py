"""Whether the page loads, is clean, lets one in, and is the new build."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.page import Asset, Event, Kind, LoginFacts, PageFacts
from releasegate.core.figures import count

_HASH = re.compile(r"(?<![0-9a-z])([0-9a-f]{7,40})(?![0-9a-z])", re.IGNORECASE)
# Folders of frameworks that write a page on the server and in the browser: their scripts hold its templates too, so
# a release has other files. Elsewhere a name made of a file's bytes (main-4f5a9c21.js) says only what that file is.
_BUNDLED = re.compile(r"/(?:_next|_nuxt|_app/immutable)/")
_MOST_LISTED = 5
_SIDEWAYS_PX = 2  # rounding


def page_loads(check: str, page: PageFacts, source: str) -> Judgement:
    """Judge that the page answers 2xx, shows something, and that its scripts and styles all came.

    A page that shows nothing while this program answered what it asked of hosts that nobody listed cannot be told, nor
    can one that is on such a host itself.
    """
    missing = [asset for asset in page.assets if not asset.is_loaded]
    is_answered = page.status is not None and 200 <= page.status < 300
    findings = [] if is_answered or page.is_kept_out else [_not_loaded(check, page, source)]
    findings += [_asset_missing(check, asset, source) for asset in missing]
    is_blank = not findings and not page.words and not page.pictures
    if is_blank and not page.blocked and not page.is_kept_out:
        findings.append(_blank(check, page, source))
    return Judgement(
        seen=1 + len(page.assets),
        unit="answers",
        holds=f"{page.url} answers {page.status}, with {count(page.words, 'word')} and "
        f"{count(len(page.assets), 'script or style', 'scripts and styles')}" + _not_asked(page),
        findings=tuple(findings),
        undecided=page.error if page.is_kept_out else _blocked(page) if findings or is_blank else "",
    )


def console_clean(
    check: str,
    events: Iterable[Event],
    source: str,
    *,
    pages: int,
    known: Iterable[str] = (),
    allowed: Sequence[tuple[str, str]] = (),
) -> Judgement:
    """Judge that nothing went wrong on `pages` pages beyond what was there before and what the target allows.

    `known` are the shapes recorded of the old release; `allowed` pairs of pattern and reason. What happened only
    after this program had answered a request itself is a warning: it may have upset the page.
    """
    before = set(known)
    counting = [
        event for event in events if event.counts and event.shape not in before and not is_allowed(event, allowed)
    ]
    sure = {event.shape for event in counting if not event.after_ours}
    by_shape = {event.shape: event for event in counting}
    findings = [
        _went_wrong(check, event, sum(one.shape == shape for one in counting), source, is_sure=shape in sure)
        for shape, event in by_shape.items()
    ]
    return Judgement(
        seen=pages,
        unit="pages",
        holds=f"nothing new went wrong on {count(pages, 'page')}; known from the old release: {len(before)}",
        findings=tuple(findings),
        undecided="" if pages else "no conversation could be opened, so what goes wrong in one was not seen",
    )


def baseline_recorded(pages: int, shapes: Sequence[str], assets: int, trouble: str = "") -> Judgement:
    """Judge that the old page was looked at; whatever it does, it is what people have today.

    `trouble` says why nobody could look.
    """
    return Judgement(
        seen=pages,
        unit="pages",
        holds=f"the old page: {count(len(shapes), 'thing', 'kinds of things')} that went wrong and "
        f"{count(assets, 'script or style', 'scripts and styles')} recorded",
        undecided=trouble,
    )


def login_works(check: str, login: LoginFacts, source: str) -> Judgement:
    """Judge that the page's own form lets one in, and that one is still in after a reload."""
    findings = []
    undecided = ""
    prepared = f'the form was not tried: the target says login = "{login.prepared}"' if login.prepared else ""
    if login.prepared and not login.is_in:
        undecided = f"{prepared}, and that does not let one in: {login.trouble}"
    elif login.is_kept_out:
        undecided = f"whether the form lets one in cannot be told: {login.trouble}"
    elif not login.is_in and not login.answers:
        undecided = _why_not_sent(login)
    elif not login.is_in:
        findings.append(_not_in(check, login, source))
    elif login.survives is False:
        findings.append(_forgotten(check, login, source))
    return Judgement(
        seen=1,
        unit="logins",
        holds=f"the form at {login.url} lets one in, and a reload does not ask again",
        findings=tuple(findings),
        undecided=undecided,
        not_applicable=prepared if login.is_in else "",
    )


def wrong_password_refused(check: str, tries: Sequence[LoginFacts], source: str) -> Judgement:
    """Judge that a wrong password does not let one in; N/A where none was to be tried."""
    sent = [login for login in tries if login.is_in or (login.answers and not login.is_kept_out)]
    said = f', and the page says "{sent[0].said}"' if sent and sent[0].said else ""
    return Judgement(
        seen=len(sent),
        unit="logins",
        holds=f"a wrong password is refused: {', '.join(answer for login in sent for answer in login.answers)}{said}",
        findings=tuple(_let_in(check, login, source) for login in sent if login.is_in),
        undecided=next((_why_not_sent(login) for login in tries if login not in sent), ""),
        not_applicable=""
        if tries
        else "not tried, for it can lock an account; [frontend] try_wrong_password asks for it",
    )


def _why_not_sent(login: LoginFacts) -> str:
    return login.trouble if login.is_kept_out else f"nothing was sent to log in: {login.trouble}"


def _let_in(check: str, login: LoginFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=login.url,
        want=f"a wrong password is refused ({source})",
        have=f"it lets one in, at {login.landed}",
        why="anybody can read every customer's messages",
        fix="do not go on; look at what the login compares",
    )


def page_fits_screens(check: str, page: PageFacts, before: dict[str, Any] | None) -> Judgement:
    """Judge that the page does not scroll sideways on a phone, a tablet and a desktop, unless the old one did.

    No document promises it, so it is a warning.
    """
    known = set((before or {}).get("sideways", ()))
    wide = [one for one in page.sideways if one[2] > _SIDEWAYS_PX and one[0] not in known]
    return Judgement(
        seen=len(page.sideways),
        unit="widths",
        least=3,
        holds="the page is as wide as a phone, a tablet and a desktop"
        + (f"; as before the release not on a {' and a '.join(sorted(known))}" if known else ""),
        findings=tuple(_too_wide(check, page, *one) for one in wide),
    )


def too_wide_on(page: PageFacts) -> list[str]:
    """Return the names of the widths on which a page scrolls sideways."""
    return [name for name, _, pixels in page.sideways if pixels > _SIDEWAYS_PX]


def _too_wide(check: str, page: PageFacts, name: str, width: int, pixels: int) -> Finding:
    return Finding(
        check=check,
        subject=page.url,
        want=f"nothing to scroll sideways on a {name}, {width} pixels wide (nobody's promise; worth a look)",
        have=f"the page is {pixels} pixels wider",
        why="people on small screens lose half of every line",
        fix=f"open the page in the developer tools at {width} pixels, and look for what is wider",
        severity=Severity.WARNING,
    )


def right_build(
    check: str,
    page: PageFacts,
    source: str,
    *,
    commits: Sequence[str],
    before: dict[str, Any] | None,
    promised: Sequence[str],
) -> Judgement:
    """Judge that the page served is the new build, by the first thing that tells.

    `commits` are the repository's, newest first (empty where it cannot be read); `before` is what preflight
    recorded of the old page (`assets`: path -> sha256, `texts`); `promised` the names of texts only the new page has.
    Of a page that a server writes, files with the same bytes tell nothing, unless they hold its templates (Next, Nuxt).
    """
    shown = {mark: value for mark, value in page.marks if _HASH.search(value) or _HASH.search(mark)}
    newest = next((mark for mark in shown if commits and _names_commit(mark, shown[mark], commits[0])), "")
    if newest:
        return _build(f"{newest} shows the commit {commits[0][:9]}")
    older = next(((mark, one) for mark in shown for one in commits[1:] if _names_commit(mark, shown[mark], one)), None)
    if older:
        return _build("", _stale(check, page, f"{older[0]} shows {older[1][:9]}", f"commit {commits[0][:9]}", source))
    is_same = bool(before) and _same_files(page.assets, (before or {}).get("assets", {}))
    if is_same and _is_bundled(page):
        have = f"all {len(page.assets)} scripts and styles are byte for byte those of before the release"
        return _build("", _stale(check, page, have, "the new release's files", source))
    new_texts = [name for name in promised if name in page.texts and name not in (before or {}).get("texts", ())]
    if new_texts:
        return _build(f"what is served holds the new release's texts ({', '.join(new_texts)})")
    if is_same:
        return Judgement(
            seen=0, unit="marks of a build", holds="",
            undecided="a server writes this page, its scripts and styles are those of before the release and it shows "
            "no commit; name its service and its repository ([services.frontend], [paths] frontend), or show the "
            'commit in the page (<meta name="build">)',
        )  # fmt: skip
    return Judgement(
        seen=0, unit="marks of a build", holds="",
        undecided="neither the page nor its files show a commit, and none of the new texts is in what was loaded; "
        'show the commit in the page (<meta name="build">), or run preflight before a release: it notes the old files',
    )  # fmt: skip


def old_build(
    check: str,
    page: PageFacts,
    source: str,
    *,
    commits: Sequence[str],
    before: dict[str, Any] | None,
    promised: Sequence[str],
    released: dict[str, Any] | None = None,
) -> Judgement:
    """Judge that the page served is the one from before the release again, by the first thing that tells.

    `commits` are those of the checkout that was taken back, newest first; `before` and `released` are what preflight
    and the frontend gate recorded (`assets`: path -> sha256, `texts`); `promised` as for `right_build`.
    """
    is_released = bool(released) and _same_files(page.assets, (released or {}).get("assets", {}))
    if before and _same_files(page.assets, before.get("assets", {})) and not (is_released and page.from_server):
        return _build(f"all {len(page.assets)} scripts and styles are byte for byte those of before the release")
    known = (before or {}).get("texts", ())
    new_texts = [name for name in promised if name in page.texts and name not in known]
    if new_texts:
        have = f"what is served holds the new release's texts ({', '.join(new_texts)})"
        return _build("", _not_back(check, page, have, source))
    if is_released and _is_bundled(page):
        have = f"all {len(page.assets)} scripts and styles are byte for byte those of the new release"
        return _build("", _not_back(check, page, have, source))
    shown = {mark: value for mark, value in page.marks if _HASH.search(value) or _HASH.search(mark)}
    mark = next((mark for mark in shown if commits and _names_commit(mark, shown[mark], commits[0])), "")
    if mark:
        return _build(f"{mark} shows the commit {commits[0][:9]}")
    gone = [name for name in (released or {}).get("texts", ()) if name in promised and name not in known]
    if gone:
        return _build(f"none of the new release's texts ({', '.join(gone)}) is in what is served")
    return Judgement(
        seen=0, unit="marks of a build", holds="",
        undecided="neither its files nor a commit on the page show which build is served: they are other files than "
        "before the release, as a new build of old code can be; look at the page",
    )  # fmt: skip


def _not_back(check: str, page: PageFacts, have: str, source: str) -> Finding:
    return Finding(
        check=check,
        subject=page.url,
        want=f"the page from before the release ({source})",
        have=have,
        why="people go on with the page that was to be taken back",
        fix="build the old commit of the frontend, restart its service, and empty caches in front of it",
    )


def _build(holds: str, *findings: Finding) -> Judgement:
    return Judgement(seen=1, unit="marks of a build", holds=holds, findings=findings)


def _names_commit(mark: str, value: str, commit: str) -> bool:
    found = [*_HASH.findall(value), *_HASH.findall(mark)]
    return any(commit.lower().startswith(one.lower()) for one in found)


def _is_bundled(page: PageFacts) -> bool:
    """Whether another release has other files: those of a page that scripts write, here or on the server too."""
    return not page.from_server or any(_BUNDLED.search(urlsplit(asset.url).path) for asset in page.assets)


def _same_files(assets: Sequence[Asset], before: dict[str, str]) -> bool:
    now = {asset.sha256 for asset in assets if asset.sha256}
    return bool(now) and now == set(before.values())


def _blocked(page: PageFacts) -> str:
    if not page.blocked:
        return ""
    hosts = ", ".join(page.blocked[:_MOST_LISTED])
    return f"the page asks for {hosts}, which the target does not list; add it to [frontend] hosts and look again"


def _not_asked(page: PageFacts) -> str:
    """Return what is said of hosts that the target does not list."""
    told = f"; {page.not_asked} more, of hosts that the target does not list, were not asked" if page.not_asked else ""
    return told + (f"; its hosts led on to {', '.join(page.led_to)}, not listed either" if page.led_to else "")


def is_allowed(event: Event, allowed: Sequence[tuple[str, str]]) -> bool:
    """Whether the target allows what went wrong: pairs of pattern and reason."""
    text = f"{event.kind}: {event.text} {event.url}"
    return any(re.search(pattern, text, re.IGNORECASE) for pattern, _ in allowed)


def doubt(*, is_sure: bool) -> str:
    """Return what is said of an error that came only after an answer of ours."""
    return "" if is_sure else "; seen only after this gate had answered a request itself, which may have caused it"


def _not_loaded(check: str, page: PageFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=page.url,
        want=f"the page answers 2xx ({source})",
        have=f"answers {page.status}" if page.status is not None else f"no answer: {page.error}",
        why="nobody can open the application",
        fix="look whether the frontend's service runs and which build it serves",
        run=f"curl -sS -i '{page.url}'",
    )


def _asset_missing(check: str, asset: Asset, source: str) -> Finding:
    return Finding(
        check=check,
        subject=asset.url,
        want=f"every script and style sheet that the page asks for answers 2xx ({source})",
        have=f"answers {asset.status}" if asset.status is not None else "no answer",
        why="a page without one of its files is broken, or an old page asks for files of another build",
        fix="build the frontend again and restart it, so that page and files are of one build",
        run=f"curl -sS -i '{asset.url}'",
    )


def _blank(check: str, page: PageFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=page.url,
        want=f"the page shows something ({source})",
        have="it answers 200 and shows neither a word nor a picture",
        why="people see a white page",
        fix="look at the console: frontend/console-clean names the error",
    )


def _went_wrong(check: str, event: Event, times: int, source: str, *, is_sure: bool) -> Finding:
    have = f"{event.text} ({event.url})" if event.url else event.text
    return Finding(
        check=check,
        subject=f"{event.kind} on {event.page}",
        want=f"no errors in the browser's console beyond those of the old release ({source})",
        have=f"{have}, {times} times{doubt(is_sure=is_sure)}" if times > 1 else f"{have}{doubt(is_sure=is_sure)}",
        why="what was asked for is missing on the page"
        if event.kind is Kind.FAILED
        else "on an encrypted page browsers ask for it otherwise than it says, or not at all"
        if event.text.startswith("Mixed Content")  # in these words by Chromium
        else "a script that stops half-way leaves people with a page that does not do what it shows",
        fix="open the page with the developer tools (F12); or allow it in the target's [[allow]] with a reason",
        severity=Severity.ERROR if is_sure else Severity.WARNING,
    )


def _not_in(check: str, login: LoginFacts, source: str) -> Finding:
    said = f'; the page says "{login.said}"' if login.said else ""
    return Finding(
        check=check,
        subject=login.url,
        want=f"the login form lets one in ({source})",
        have=f"{login.trouble}{said}",
        why="nobody can work with the application",
        fix="try it by hand; when the same e-mail and password work there, correct them in the target's [frontend]",
    )


def _forgotten(check: str, login: LoginFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=login.url,
        want=f"one stays logged in over a reload ({source})",
        have="after a reload the login form is there again",
        why="people have to log in again at every turn",
        fix="look at the session's cookie and at what the page keeps in its storage",
    )


def _stale(check: str, page: PageFacts, have: str, want: str, source: str) -> Finding:
    return Finding(
        check=check,
        subject=page.url,
        want=f"the page is built from {want} ({source})",
        have=have,
        why="people still get the old page, and what this release promises is not there",
        fix="build the frontend again, restart its service, and empty caches between it and the browser",
    )
