"""The dossier as JSON, for programs."""

from __future__ import annotations

import json
from dataclasses import asdict

from releasegate.report.languages import Language
from releasegate.report.views import Dossier


def as_json(dossier: Dossier, _language: Language) -> str:
    """Return the dossier as one JSON object with the names of `views`; pictures and plots stay in the page."""
    content = asdict(dossier)
    for row in content["course"]:
        del row["bar"]
    for gate in content["gates"]:
        del gate["plots"]
        for check in [*gate["others"], *(check for box in gate["boxes"] for check in box["checks"])]:
            for measure in check["measures"]:
                del measure["plots"]
                measure["pictures"] = [picture["name"] for picture in measure["pictures"]]
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
