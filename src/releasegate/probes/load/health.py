"""How the backend is once the load is over."""

from __future__ import annotations

import time
from typing import Final

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.http import Answer
from releasegate.probes.http import Api
from releasegate.probes.load.aim import Aim

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


def _settled(api: Api, url: str, status: int, *, with_token: bool) -> Measurement[Answer]:
    until = time.monotonic() + _SETTLE_S
    while True:
        answer = api.get(url, with_token=with_token)
        if answer.value.status == status or time.monotonic() > until:
            return answer
        time.sleep(_PAUSE_S)
