"""The plots of the dossier: one module each, derived from what was recorded and from nothing else.

To add one, write a module here with a function that yields `Plot`s, and name it in one of the two lists: a plot of
one measure stands in the evidence of its check, a plot of a gate above the gate's boxes. `svg` holds the pieces
that plots are drawn with. Such a function yields nothing where there is nothing to draw, raises nothing for any
recorded value, and says every word through `language.t`.
"""

from __future__ import annotations

from releasegate.report.plots import backfilled, course, distribution, timeline
from releasegate.report.plots.recorded import GatePlot, MeasurePlot, OfGate, OfMeasure
from releasegate.report.views import Plot

__all__ = ["OfGate", "OfMeasure", "of_gate", "of_measure"]

MEASURE_PLOTS: tuple[MeasurePlot, ...] = (
    distribution.of_measure,
    course.of_measure,
    timeline.of_measure,
    backfilled.of_measure,
)
GATE_PLOTS: tuple[GatePlot, ...] = ()


def of_measure(seen: OfMeasure) -> tuple[Plot, ...]:
    """Return every plot of one measure."""
    return tuple(plot for draw in MEASURE_PLOTS for plot in draw(seen))


def of_gate(seen: OfGate) -> tuple[Plot, ...]:
    """Return every plot of one gate."""
    return tuple(plot for draw in GATE_PLOTS for plot in draw(seen))
