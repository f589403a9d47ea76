"""The dossier as Markdown, short enough for the comment of a ticket."""

from __future__ import annotations

import re

from releasegate.report.languages import Language
from releasegate.report.safe import shortened, visible
from releasegate.report.views import Dossier, GateView, State

_MARKS = {
    State.TICKED: "x",
    State.ATTESTED: "x",
    State.WAIVED: "~",
    State.CROSSED: "✗",
    State.NOT_APPLICABLE: "-",
    State.UNCLEAR: "?",
    State.EMPTY: " ",
}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~@])")
_MOST_FINDINGS = 20
_LONGEST = 400


def as_markdown(dossier: Dossier, language: Language) -> str:
    """Return headline, findings, the runbook's boxes and what was not checked."""
    lines = [
        f"## {dossier.headline.word}: {_text(dossier.title)}",
        "",
        _text(dossier.headline.why),
        "",
        _code(dossier.ticket),
    ]
    lines += _findings(dossier, language)
    for gate in dossier.gates:
        lines += _gate(gate, language)
    title = language.t("What was not checked, and why")
    lines += ["", f"### {title}", ""]
    lines += [f"- {_text(what)}: {_text(why)}" for what, why in dossier.unchecked]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _findings(dossier: Dossier, language: Language) -> list[str]:
    """Return what is wrong, then what was signed off and what is worth a look, as the terminal shows them."""
    ordered = [*dossier.wrong, *dossier.waived, *dossier.warnings]
    if not ordered:
        return []
    blocks = ["\n".join(filter(None, (str(one.finding), one.note))) for one in ordered[:_MOST_FINDINGS]]
    text = "\n\n".join(visible(shortened(block)).replace("```", "'''") for block in blocks)
    title = language.t("Findings")
    lines = ["", f"### {title}", "", "```text", text, "```"]
    if len(ordered) > len(blocks):
        lines.append(language.t("{shown} of {all} are shown", shown=len(blocks), all=len(ordered)))
    return lines


def _gate(gate: GateView, language: Language) -> list[str]:
    verdict = str(gate.verdict) if gate.verdict else language.t("not run")
    lines = ["", f"### {gate.marker}: {verdict}", "", f"{_text(gate.runbook)} · {_text(gate.question)}", ""]
    for box in gate.boxes:
        note = f" ({_text(box.note)})" if box.note else ""
        lines.append(f"- [{_MARKS[box.state]}] {_text(box.text)}{note}")
    return lines


def _code(text: str) -> str:
    """Return `text` as code on one line; markup does not count there, and the sign that would end it is replaced."""
    plain = visible(shortened(" ".join(text.split()), _LONGEST)).replace("`", "'")
    return f"`{plain}`" if plain else ""


def _text(text: str) -> str:
    """Return `text` as one line in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", visible(shortened(" ".join(text.split()), _LONGEST)))
