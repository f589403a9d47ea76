"""Build the API: compile every module once, copy it to dist/, stamp it with version, commit and time."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = "inbox_api"


def commit() -> str:
    """Return the full id of the commit that is checked out."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=HERE, check=True, capture_output=True, text=True
    ).stdout.strip()


def check(source: Path) -> None:
    """Refuse a tree with a syntax error in it, naming file and line."""
    for module in sorted(source.rglob("*.py")):
        compile(module.read_text("utf-8"), str(module), "exec")


def main() -> int:
    """Write dist/ beside the old one and put it in its place in one go."""
    source, fresh, dist = HERE / PACKAGE, HERE / ".dist", HERE / "dist"
    try:
        check(source)
    except SyntaxError as problem:
        print(f"build failed: {problem.filename}:{problem.lineno}: {problem.msg}", file=sys.stderr)
        return 1
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    build = {
        "version": (HERE / "VERSION").read_text().strip(),
        "commit": commit(),
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (fresh / PACKAGE / "build.json").write_text(json.dumps(build, indent=2) + "\n")
    shutil.rmtree(dist, ignore_errors=True)
    fresh.rename(dist)
    print(f"built {PACKAGE} {build['version']} from {build['commit'][:12]} into dist/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
