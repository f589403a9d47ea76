"""Reading requests: numbers within bounds, ids that are ids, and a refusal that says what was wrong."""

from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request


def number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Read a whole number from the query; 400 with the accepted range when it is none."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not given.isdecimal() or not least <= int(given) <= most:
        raise HTTPException(400, f"{name} must be a whole number from {least} to {most}")
    return int(given)


def identifier(name: str, given: object) -> UUID:
    """Read an id; 400 when it is none."""
    try:
        return UUID(str(given))
    except ValueError as problem:
        raise HTTPException(400, f"{name} must be a UUID") from problem
