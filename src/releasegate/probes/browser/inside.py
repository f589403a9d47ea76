"""The script that looks at a page from the inside; installed before the page's own scripts run."""

from pathlib import Path
from typing import Final

_FILES: Final = ("in_page.js", "likeness.js", "spares.js", "repeats.js")  # each may use what stands before it

SCRIPT: Final = "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _FILES)
