"""The evidence for people: one dossier, as a page that opens offline, or for a ticket, for CI, for a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from releasegate.change.models import Change, Locale
from releasegate.core.gate import Gate
from releasegate.evidence.chain import read
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import History
from releasegate.evidence.writing import replace_file
from releasegate.report import data, junit, markdown, page
from releasegate.report.blobs import from_folder, from_nowhere
from releasegate.report.dossier import dossier
from releasegate.report.languages import Language, of_this_machine
from releasegate.report.languages import language as language_named
from releasegate.report.plots.recorded import ReadBlob
from releasegate.report.views import Dossier

Form = Literal["html", "json", "junit", "md"]
_FORMS: dict[str, Callable[[Dossier, Language], str]] = {
    "html": page.as_html,
    "json": data.as_json,
    "junit": junit.as_junit,
    "md": markdown.as_markdown,
}


def render(
    history: History,
    change: Change,
    gates: Sequence[Gate],
    *,
    form: Form = "html",
    language: Locale | None = None,
    read_blob: ReadBlob = from_nowhere,
) -> str:
    """Return the dossier as a page, as JSON, JUnit XML, or Markdown for a ticket's comment.

    `language` None is the one of this machine's locale; `read_blob` gives the bytes of a blob by its path.
    """
    chosen = language_named(language or of_this_machine())
    return _FORMS[form](dossier(history, change, gates, chosen, read_blob=read_blob), chosen)


def write_report(
    folder: Folder, change: Change, gates: Sequence[Gate], *, language: Locale | None = None
) -> Path:  # fmt: skip
    """Write report.html from the folder's chain and blobs; return its path. Raises CannotMeasure."""
    text = render(read(folder), change, gates, language=language, read_blob=from_folder(folder.root))
    replace_file(folder.report, text.encode("utf-8", "replace"))
    return folder.report
