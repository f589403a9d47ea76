"""The two ways in which a gate ends without a verdict about the deployment."""


class UsageError(Exception):
    """What the operator asked for cannot be understood; nothing was touched. Exit code 4.

    The message names what was given (file and key, or option), what is accepted, and the nearest match.
    """


class CannotMeasure(Exception):
    """A probe could not look: no connection, no permission, a tool is missing, it took too long.

    It makes a check's verdict ERROR, never FAIL, and is shown without a Python traceback because the cause is
    outside this program. The message says what was tried, on what, and what came back; `run` is the command
    that shows the same again, where there is one.
    """

    def __init__(self, message: str, *, run: str = "") -> None:
        super().__init__(message)
        self.run = run
