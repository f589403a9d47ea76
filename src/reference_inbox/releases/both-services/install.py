"""Install what requirements.txt names: here, see that it is there, for there is no network to fetch from."""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def missing(names: list[str]) -> list[str]:
    """List the packages that are not installed, and say of the others which version is."""
    absent = []
    for name in names:
        try:
            print(f"requirement already satisfied: {name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    return absent


def main() -> int:
    """Return 1 when a package is missing, naming all of them."""
    absent = missing((Path(__file__).parent / "requirements.txt").read_text().split())
    if absent:
        print(f"install failed: not installed: {', '.join(absent)}", file=sys.stderr)
    return int(bool(absent))


if __name__ == "__main__":
    sys.exit(main())
