"""Every check that there is, as the files of the gates declare them: known without collecting a single test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from releasegate.change.models import Change, Item
from releasegate.core import UsageError
from releasegate.plugin.gates import BY_MARKER

_DECLARED: Final = re.compile(r"""pytest\.mark\.check\(\s*["']([a-z]+/[a-z0-9._-]+)["']""")
_MOST_ALIKE: Final = 3


def declared(project: Path) -> frozenset[str]:
    """Return the ids of all checks under `project`/tests (gate/check), none where there is no such folder."""
    paths = (project / "tests").rglob("test_*.py")
    return frozenset(found for path in paths for found in _DECLARED.findall(path.read_text("utf-8")))


def require_known(change: Change, path: Path, project: Path) -> None:
    """Raise UsageError for every box of the checklist in `path` that is of no gate, or bound to no check.

    It would stay empty for ever, and nobody would know why.
    """
    known = declared(project)
    problems = [problem for item in change.checklist for problem in _problems(item, known)]
    if problems:
        raise UsageError("\n".join(f"{path}: checklist: {problem}" for problem in problems))


def _problems(item: Item, known: frozenset[str]) -> Iterator[str]:
    if item.gate not in BY_MARKER:
        yield f"gate {item.gate!r} (of {item.id}) is no gate; accepted: {', '.join(BY_MARKER)}"
    for check in item.checks:
        if known and not any(check == one or check.startswith(f"{one}.") for one in known):
            yield f"check {check!r} (of {item.id}) is no check; {_accepted(check, known)}"


def _accepted(check: str, known: frozenset[str]) -> str:
    """Return what was perhaps meant; the checks of its gate, else the gates."""
    alike = get_close_matches(check, sorted(known), n=_MOST_ALIKE, cutoff=0.75)
    if alike:
        return f"did you mean {' or '.join(alike)}?"
    own = sorted(one for one in known if one.partition("/")[0] == check.partition("/")[0])
    return f"accepted: {', '.join(own)}" if own else f"accepted: a check of {', '.join(BY_MARKER)}"
