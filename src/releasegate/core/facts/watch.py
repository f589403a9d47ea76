"""What was seen of a release while it was watched, round by round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from releasegate.core.facts.latency import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class LogError:
    """Lines of one shape that are errors; the shape holds nothing a customer wrote.

    `part` is the service. `names` are those of the release's names that the lines speak of. `is_fatal` says that one
    of the change's fatal patterns matched.
    """

    part: str
    shape: str
    lines: int
    names: tuple[str, ...] = ()
    is_fatal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at the deployment, `number` of `planned` (from 0), due every `every_s` seconds; times in UTC.

    `health` is the status that the health endpoint answered and `health_ms` how long it took; None with
    `health_error` where it did not answer. `samples` are requests to the watched endpoints. `errors` are the error
    lines since the round before, None with `logs_error` where no log could be read; `log_lines` counts what was
    read. `database_error` is "" where the database answered or nobody is to ask it.
    """

    number: int
    planned: int
    every_s: float
    due: datetime
    at: datetime
    health: int | None = None
    health_ms: float = 0.0
    health_error: str = ""
    samples: tuple[Sample, ...] = ()
    errors: tuple[LogError, ...] | None = None
    log_lines: int = 0
    logs_error: str = ""
    database_error: str = ""

    def shown(self) -> dict[str, Any]:
        """Return the round as JSON-ready data, from which `round_from` makes it again."""
        return {**asdict(self), "due": self.due.isoformat(), "at": self.at.isoformat()}


def round_from(shown: Mapping[str, Any]) -> Round:
    """Return the round that `shown` was made of."""
    errors = shown["errors"]
    return Round(
        **{
            **shown,
            "due": datetime.fromisoformat(shown["due"]),
            "at": datetime.fromisoformat(shown["at"]),
            "samples": tuple(Sample(**sample) for sample in shown["samples"]),
            "errors": None if errors is None else tuple(_error_from(error) for error in errors),
        }
    )


def recorded_rounds(measures: Iterable[Mapping[str, Any]]) -> tuple[Round, ...]:
    """Return the rounds among the measures that monitoring/rounds recorded, oldest first."""
    rounds = {found.at: found for found in (round_from(measure["value"]) for measure in measures)}
    return tuple(rounds[at] for at in sorted(rounds))


def _error_from(shown: Mapping[str, Any]) -> LogError:
    return LogError(**{**shown, "names": tuple(shown["names"])})
