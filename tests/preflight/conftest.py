"""What the tests of the backup share: the dump, what it lists, and the copy that is restored from it."""

import pytest

from releasegate.core import CannotMeasure
from releasegate.probes import backup, copies


class Bar:
    """How far the restore has come, on the line that a terminal keeps for what is going on."""

    WIDTH = 30

    def __init__(self, live):
        self.live = live

    def told(self, done, total):
        """Show `done` of `total` entries; the last one takes the line away."""
        filled = self.WIDTH * done // max(1, total)
        bar = f"[{'#' * filled}{'.' * (self.WIDTH - filled)}] restoring the dump: {done} of {total} entries"
        self.live("" if done >= total else bar)


@pytest.fixture(scope="session")  # two looks with a pause between them, to see whether it still grows
def file(machine, target):
    return backup.newest(machine, target.paths.dump)


@pytest.fixture(scope="session")
def path(file):
    if not file.value.path:
        raise CannotMeasure(f"no file fits {file.value.pattern} (see backup/dump-exists)")
    return file.value.path


@pytest.fixture(scope="session")
def listing(machine, target, path):
    return backup.listing(machine, path, target.paths.postgres_bin)


@pytest.fixture(scope="session")  # the restore is made once, and looked at by several tests
def copy(target, database, machine, listing, live):
    """Return the restored copy; None where the target does not allow a restore."""
    if not target.backup.rehearse_restore:
        yield None
        return
    if listing.value.trouble or not listing.value.entries:
        raise CannotMeasure(f"{listing.value.path} cannot be listed (see backup/dump-listed)")
    with copies.open_copy(target, database, machine, listing.value, progress=Bar(live).told) as copy:
        yield copy
