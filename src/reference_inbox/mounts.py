"""File systems that a fault mounted below DIR, to be taken away again."""

import subprocess
from pathlib import Path
from typing import Final

from reference_inbox.errors import ReferenceFailed
from reference_inbox.managers.commands import program

PACKAGE: Final = "apt-get install mount"


def take_away(place: Path) -> None:
    """Unmount what is mounted at exactly PLACE; nothing where nothing is. Raises ReferenceFailed where it stays."""
    if not place.is_mount():
        return
    done = subprocess.run([program("umount", PACKAGE), str(place)], check=False, capture_output=True, text=True)
    if done.returncode:
        raise ReferenceFailed(f"a file system stays mounted at {place}: {done.stderr.strip()}")
