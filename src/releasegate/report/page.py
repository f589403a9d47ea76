"""The dossier as one HTML file: no script, no network, readable on paper, on a phone and in the dark."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from releasegate.report.languages import Language
from releasegate.report.safe import finalize
from releasegate.report.views import Dossier

_FOLDER = Path(__file__).parent / "templates"
LABELS = ("want", "have", "why", "fix", "run")


def as_html(dossier: Dossier, language: Language) -> str:
    """Return the page. Every value in it is text: escaped, made visible, and cut where it is very long."""
    style = (_FOLDER / "dossier.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    template = _environment().get_template("dossier.html")
    ours = {"style": Markup(style), "policy": Markup(policy)}  # noqa: S704 - our own files, no value of anybody's
    return template.render(d=dossier, t=language.t, labels=LABELS, **ours)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
