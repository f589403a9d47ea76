"""What gates record in fixed words: read from their sources, so that no sentence is forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FIXED = re.compile(r"(^|_)(why|fix|said)(_|$)", re.IGNORECASE)  # of a finding; `said` stands below a plot


def claims() -> set[str]:
    """Return what each test of a gate claims: its name as words."""
    return {
        node.name.removeprefix("test_").replace("_", " ")
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and _is_of_a_gate(node)
    }


def reasons() -> set[str]:
    """Return every `why` and `fix` of the checks that is one fixed sentence; those made with values are not here."""
    return {
        text
        for path in (ROOT / "src" / "releasegate" / "checks").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for text in _given(node)
        if text.strip()
    }


def _is_of_a_gate(node: ast.FunctionDef) -> bool:
    return any("check" in ast.dump(decorator) for decorator in node.decorator_list)


def _given(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.keyword) and node.arg and _FIXED.search(node.arg):
        yield from _texts(node.value)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _FIXED.search(node.targets[0].id):
        yield from _texts(node.value)


def _texts(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)
