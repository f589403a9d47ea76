"""The commits to go back to. Runbook 1.2."""

import pytest

from releasegate.checks import code as checks
from releasegate.probes import git

pytestmark = pytest.mark.backup


@pytest.mark.check("backup/way-back-saved", promise="way_back", target=("host", "paths"))
def test_the_commits_to_go_back_to_are_written_down(machine, change, target, require):
    parts = change.way_back.parts
    repositories = {part: getattr(target.paths, part) for part in parts if getattr(target.paths, part)}
    codes = [git.code(machine, part, path) for part, path in repositories.items()]
    file = target.paths.way_back
    saved = [git.way_back(machine, file, repositories)] if file else []
    judgement = checks.way_back_is_saved(
        "backup/way-back-saved",
        saved[0].value if saved else None,
        [code.value for code in codes],
        parts=parts,
        release=change.release.commit if change.release else None,
        source=change.way_back.source,
    )
    require(judgement, *saved, *codes)
