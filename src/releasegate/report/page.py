"""The dossier as one HTML file: no script, no network, readable on paper, on a phone and in the dark."""

from __future__ import annotations

from base64 import b64encode
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from releasegate.report.languages import Language
from releasegate.report.limits import LARGEST_PAGE, LEVELS, Limits
from releasegate.report.safe import finalize
from releasegate.report.views import Dossier

_FOLDER = Path(__file__).parent / "templates"
LABELS = ("want", "have", "why", "fix", "run")


def as_html(dossier: Dossier, language: Language) -> str:
    """Return the page. Every value in it is text: escaped, made visible, and cut where it is very long.

    A page over its limit is made again with less of everything, and says so.
    """
    html = ""
    for level, limits in enumerate(LEVELS):
        html = _render(dossier, language, limits, is_cut=level > 0)
        if len(html.encode("utf-8", "replace")) <= LARGEST_PAGE:
            break
    return html


def _render(dossier: Dossier, language: Language, limits: Limits, *, is_cut: bool) -> str:
    style = (_FOLDER / "dossier.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    template = _environment(limits.text).get_template("dossier.html")
    ours = {"style": Markup(style), "policy": Markup(policy)}  # noqa: S704 - our own files, no value of anybody's
    words = {"t": language.t, "known": language.recorded, "labels": LABELS, "largest_mb": LARGEST_PAGE // 1_000_000}
    return template.render(d=dossier, limits=limits, is_cut=is_cut, **words, **ours)


@cache
def _environment(longest: int) -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=partial(finalize, longest=longest),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
