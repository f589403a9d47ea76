"""What a fault is, and how the catalogue is made of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from reference_inbox.state import State

Change = Callable[[State], None]


@dataclass(frozen=True)
class Fault:
    """One known way to break the deployment.

    `at` is the moment after whose commands it strikes, `gate` the gate that is to stop on it, `what` one sentence,
    `trips` the ids of the checks that speak (`gate/check`). `strike` really breaks, `mend` puts back what was.
    `services` names the managers under which it can strike. Rows that it leaves dead are cleared away unless they are
    the fault itself (`leaves_dead_rows`).
    """

    name: str
    at: str
    gate: str
    what: str
    trips: tuple[str, ...]
    strike: Change = field(repr=False)
    mend: Change = field(repr=False)
    services: tuple[str, ...] = ("process", "docker", "pm2")
    leaves_dead_rows: bool = False
