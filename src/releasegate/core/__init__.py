"""The words that everything else is built from. Standard library only, no I/O."""

from releasegate.core.errors import CannotMeasure, UsageError
from releasegate.core.finding import Finding, Severity
from releasegate.core.judgement import Judgement
from releasegate.core.measurement import Measurement
from releasegate.core.verdict import ExitCode, Verdict, exit_code, worst

__all__ = [
    "CannotMeasure",
    "ExitCode",
    "Finding",
    "Judgement",
    "Measurement",
    "Severity",
    "UsageError",
    "Verdict",
    "exit_code",
    "worst",
]
