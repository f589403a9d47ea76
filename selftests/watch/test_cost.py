"""What a watch costs: nothing that grows."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from releasegate.change.models import Api as PromisedApi
from releasegate.checks.watch.coverage import cost_text
from releasegate.cli.watching import MOST_KEPT, begin
from releasegate.core.facts.watch import DatabaseLook
from releasegate.evidence.chain import Chain
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import ROUNDS
from releasegate.plugin.notebook import as_payload
from releasegate.probes.http import open_api
from releasegate.probes.watch import Watched, watch
from releasegate.probes.watch.logs import WatchedLogs
from releasegate.target.models import Backend, Login

from .histories import BEGAN, good
from .test_rounds import PROMISED, Clock, Log


class Database:
    """A database that is always well."""

    def look(self, **_):
        return DatabaseLook(took_ms=1.0, connections=1, most_connections=9)


def held_in_memory(folder: Folder, tmp_path, rounds: int, after: int) -> tuple[int, int]:
    """Hold rounds as the command does, and return what they take in bytes after `after` of them and at the end."""
    ongoing = begin(folder, BEGAN, rounds * 30.0, 30.0)
    sizes = []
    with open_api(Backend(url="http://127.0.0.1:9", login=Login(kind="none")), PromisedApi(), tmp_path / "s") as api:
        watched = Watched(api=api, database=Database(), logs=WatchedLogs([Log("error")], PROMISED, BEGAN))
        for measured in watch(watched, rounds=rounds, every_s=30, clock=Clock()):
            watched.logs.logs[0].asked.clear()
            with Chain.open(folder) as chain:
                chain.append(Kind.MEASURE, "monitoring", ROUNDS, **as_payload(measured))
            ongoing.add(measured.value)
            if measured.value.number in (after, rounds - 1):
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    return sizes[0], sizes[1]


@pytest.mark.everything
def test_its_memory_is_flat_over_ten_thousand_rounds(tmp_path):
    """Eight hours of rounds are kept to be judged, and no more however long it goes on."""
    tracemalloc.start()
    try:
        early, late = held_in_memory(Folder(tmp_path / "evidence"), tmp_path, 10_000, MOST_KEPT + 500)
    finally:
        tracemalloc.stop()
    assert late - early < 500_000


def test_what_it_cost_is_told():
    """Requests a second, the database's time, and loads of the page."""
    assert (
        cost_text(good(3))
        == "cost: 0.70 requests a second, 8 ms of the database a round, 8 at most, 24 loads of the page"
    )
