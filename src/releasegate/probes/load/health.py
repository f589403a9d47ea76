"""How the backend is once the load is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.http import Answer
from releasegate.probes.http import Api
from releasegate.probes.load.aim import Aim
from releasegate.probes.services import ServiceBook

_SETTLE_S: Final = 5.0  # for a queue that is still being worked off; after that it is no queue any more
_PAUSE_S: Final = 0.5


def when_settled(api: Api, aim: Aim) -> list[tuple[str, Measurement[Answer]]]:
    """Return what health and one address of each endpoint answer: as promised, or the last answer after 5 s.

    Health alone can say 200 with the database stopped; the endpoints touch it. Raises CannotMeasure without either.
    """
    health = api.promised.health
    if health is None:
        raise CannotMeasure("the change file names no [api.health] to ask after the load")
    address = api.url(health.path, health.query)
    return [
        ("health", _settled(api, address, health.status, with_token=False)),
        *((name, _settled(api, aim.urls[name][0], aim.promises[name].status, with_token=True)) for name in aim.names),
    ]


def memory_of(services: ServiceBook | None) -> Callable[[], Measurement[int | None]]:
    """Return a look at how many bytes of memory the backend takes; None where nobody manages it or tells."""

    def look() -> Measurement[int | None]:
        if services is None or "backend" not in services.names():
            return Measurement(value=None, unit="looks", rows=0, query="", duration_s=0)
        try:
            seen = services.look("backend")
        except CannotMeasure as error:
            return Measurement(value=None, unit="looks", rows=0, query=str(error), duration_s=0)
        return Measurement(
            value=seen.value.memory_bytes, unit="looks", rows=1, query=seen.query, duration_s=seen.duration_s
        )

    return look


def _settled(api: Api, url: str, status: int, *, with_token: bool) -> Measurement[Answer]:
    until = time.monotonic() + _SETTLE_S
    while True:
        answer = api.get(url, with_token=with_token)
        if answer.value.status == status or time.monotonic() > until:
            return answer
        time.sleep(_PAUSE_S)
