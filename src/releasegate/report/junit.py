"""The dossier as JUnit XML, for CI: one suite for each gate, one case for each check."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from releasegate.core import Verdict
from releasegate.report.languages import Language
from releasegate.report.safe import shortened, visible
from releasegate.report.views import CheckView, Dossier, GateView

_FAILED = (Verdict.FAIL,)


def as_junit(dossier: Dossier, _language: Language) -> str:
    """Return the latest attempt of each gate that was begun; whatever could not tell is an error, N/A is skipped."""
    root = Element("testsuites", name=visible(f"{dossier.change} {dossier.target}".strip()))
    for gate in dossier.gates:
        if gate.verdict is not None:
            _suite(root, gate)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, gate: GateView) -> None:
    suite = SubElement(root, "testsuite", name=gate.marker)
    for check in gate.checks:
        _case(suite, gate, check)
    found = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite.set("tests", str(len(suite)))
    for key, tag in found.items():
        suite.set(key, str(len(suite.findall(f"*/{tag}"))))


def _case(suite: Element, gate: GateView, check: CheckView) -> None:
    case = SubElement(suite, "testcase", classname=gate.marker, name=visible(check.id))
    message = visible(shortened(f"{check.verdict}: {check.sentence}"))
    if check.verdict is Verdict.NOT_APPLICABLE:
        SubElement(case, "skipped", message=message)
    elif not check.verdict.opens:
        tag = "failure" if check.verdict in _FAILED else "error"
        problem = SubElement(case, tag, message=message, type=str(check.verdict))
        problem.text = visible(shortened("\n\n".join(map(str, check.findings)) or check.traceback))
    elif check.findings or check.waiver:
        SubElement(case, "system-out").text = visible(shortened("\n\n".join([check.waiver, *map(str, check.findings)])))
