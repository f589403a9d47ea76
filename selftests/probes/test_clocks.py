"""Moments of the operator's clock as the database's own told them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from releasegate.probes import clocks
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

NOON = "2025-11-03T12:00:00+00:00"


@pytest.fixture
def session(cluster):
    with open_session(Database(dsn=SecretStr(cluster.dsn()))) as session:
        yield session


def test_a_clock_that_agrees_moves_a_moment_by_less_than_a_second(session):
    """Both run on this machine; where nobody recorded a moment there is none."""
    assert clocks.on_its_clock(session, NOON)[:16] in ("2025-11-03T11:59", "2025-11-03T12:00")
    assert clocks.on_its_clock(session, "") == ""


@pytest.mark.parametrize(("ahead_s", "told"), [(120.5, "12:02:00.500000"), (-90, "11:58:30"), (0.01, "12:00:00")])
def test_a_moment_is_told_as_the_database_dated_it(session, monkeypatch, ahead_s, told):
    """What the round trip leaves open is no difference."""
    found = clocks.clock(session)
    off = replace(found.value, ahead_s=ahead_s, uncertainty_s=0.02)
    monkeypatch.setattr(clocks, "clock", lambda _: replace(found, value=off))
    assert clocks.on_its_clock(session, NOON) == f"2025-11-03T{told}+00:00"
