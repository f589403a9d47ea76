"""Build the pages: copy site/ to dist/public/, assets below the commit's short id, the id written into the page."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
IMPORT = re.compile(r"""^(?:import|export) .*?from "(\./[\w.-]+)";$""", re.MULTILINE)


def commit() -> str:
    """Return the full id of the commit that is checked out."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=HERE, check=True, capture_output=True, text=True
    ).stdout.strip()


def missing_imports(assets: Path) -> list[str]:
    """List imports that lead to no file, as `module: import`."""
    return [
        f"{module.name}: {wanted}"
        for module in sorted(assets.glob("*.js"))
        for wanted in IMPORT.findall(module.read_text("utf-8"))
        if not (assets / wanted).is_file()
    ]


def main() -> int:
    """Write dist/ beside the old one and put it in its place in one go."""
    site, fresh, dist = HERE / "site", HERE / ".dist", HERE / "dist"
    missing = missing_imports(site / "assets")
    if missing:
        print(f"build failed: no such module: {', '.join(missing)}", file=sys.stderr)
        return 1
    build = {
        "version": (HERE / "VERSION").read_text().strip(),
        "commit": commit(),
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(HERE / "inbox_web", fresh / "inbox_web", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(site / "assets", fresh / "public" / "assets" / build["commit"][:12])
    page = (site / "index.html").read_text("utf-8")
    page = page.replace("%ASSETS%", f"/assets/{build['commit'][:12]}").replace("%COMMIT%", build["commit"])
    (fresh / "public" / "index.html").write_text(page, "utf-8")
    (fresh / "public" / "build.json").write_text(json.dumps(build, indent=2) + "\n")
    shutil.rmtree(dist, ignore_errors=True)
    fresh.rename(dist)
    print(f"built the pages {build['version']} from {build['commit'][:12]} into dist/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
