"""The rows of a restored copy beside those of the deployment, looked at no further than it takes to tell them apart."""

from __future__ import annotations

from dataclasses import dataclass

from releasegate.change.models import Backfill
from releasegate.core import Measurement
from releasegate.core.facts.rows import Checksums
from releasegate.probes import catalog, checksums
from releasegate.probes.postgres import Session


@dataclass(frozen=True, slots=True)
class Looks:
    """One table: its sums in the copy, in the deployment where they were needed, and all rows of the copy's."""

    copy: Measurement[Checksums]
    live: Measurement[Checksums] | None
    in_copy: Measurement[dict[str, int]]


def compared(copy: Session, live: Session, before: Checksums, backfill: Backfill | None) -> Looks:
    """Look at the rows that `before` summed up, in the copy; at the deployment's only where the copy differs.

    Where every group is as preflight saw it, nothing that people did since can change what the copy shows.
    """
    found = checksums.again(copy, before, backfill)
    is_same = found.value.groups == before.groups and found.value.columns == before.columns
    return Looks(
        copy=found,
        live=None if is_same else checksums.again(live, before, backfill),
        in_copy=catalog.row_counts(copy, [before.table]),
    )
