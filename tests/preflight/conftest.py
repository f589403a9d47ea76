"""What the tests of the backup share: the dump, what it lists, and the copy that is restored from it."""

from contextlib import ExitStack

import pytest

from releasegate.core import CannotMeasure
from releasegate.probes import backup, copies, reading


class Bar:
    """How far something long has come, on the line that a terminal keeps for what is going on."""

    WIDTH = 30

    def __init__(self, live, what):
        self.live, self.what = live, what

    def entries(self, done, total):
        """Show `done` of `total` entries; the last one takes the line away."""
        self._show(done, total, f"{done} of {total} entries")

    def size(self, done, total):
        """Show `done` of `total` bytes; the last one takes the line away."""
        self._show(done, total, f"{done / 1e9:.2f} of {total / 1e9:.2f} GB")

    def _show(self, done, total, figures):
        filled = self.WIDTH * done // max(1, total)
        bar = f"[{'#' * filled}{'.' * (self.WIDTH - filled)}] {self.what}: {figures}"
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


@pytest.fixture(scope="session")  # a large dump takes minutes to read
def read(machine, target, file, path, live):
    bar = Bar(live, "reading the dump through")
    with reading.watched(machine, path, file.value.size_bytes, bar.size):
        return backup.read_through(machine, path, target.paths.postgres_bin)


@pytest.fixture(scope="session")  # the restore is made once, and looked at by several tests
def copy(target, database, machine, file, listing, live):
    """Return the restored copy; None where the target does not allow a restore."""
    if not target.backup.rehearse_restore:
        yield None
        return
    if listing.value.trouble or not listing.value.entries:
        raise CannotMeasure(f"{listing.value.path} cannot be listed (see backup/dump-listed)")
    dump, bar = listing.value, Bar(live, "restoring the dump")
    with ExitStack() as watching:
        if machine.is_here:  # else the entries tell: what the other machine has sent is not restored yet
            watching.enter_context(reading.watched(machine, dump.path, file.value.size_bytes, bar.size))
        entries = None if machine.is_here else bar.entries
        with copies.open_copy(target, database, machine, dump, progress=entries) as copy:
            watching.close()
            yield copy
