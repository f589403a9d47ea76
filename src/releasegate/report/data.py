"""The dossier as JSON, for programs; `docs/evidence.schema.json` says what every key holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from releasegate.report.languages import Language
from releasegate.report.views import Dossier

SCHEMA_VERSION = 1
"""Counts up when a key of docs/evidence.schema.json is taken away or changes its meaning; new ones do not count."""


def as_json(dossier: Dossier, _language: Language) -> str:
    """Return the dossier as one JSON object with the names of `views`; pictures and plots stay in the page.

    Every check stands in full in its gate's `checks` and by its id everywhere else.
    """
    content = {"schema_version": SCHEMA_VERSION, **asdict(dossier)}
    for row in content["course"]:
        del row["bar"]
    for gate in content["gates"]:
        _shorten(gate)
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _shorten(gate: dict[str, Any]) -> None:
    del gate["plots"]
    for holder, key in ((gate, "others"), *((box, "checks") for box in gate["boxes"])):
        holder[key] = [check["id"] for check in holder[key]]
    for measure in (measure for check in gate["checks"] for measure in check["measures"]):
        del measure["plots"]
        measure["pictures"] = [picture["name"] for picture in measure["pictures"]]
