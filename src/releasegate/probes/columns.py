"""The columns of a table by name and type; those that no document names are found by their usual names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from releasegate.change.models import Backfill
from releasegate.probes import catalog
from releasegate.probes.postgres import Session

# In lower case without underscores, the likeliest first.
CREATED: Final = ("createdat", "created", "insertedat", "createdon", "datecreated", "createddate", "creationdate")
UPDATED: Final = ("updatedat", "updated", "modifiedat", "modified", "lastmodified", "updatedon", "changedat")
REPLY: Final = (
    "repliedtomessageid",
    "repliedtoid",
    "replytomessageid",
    "replytoid",
    "replyto",
    "inreplyto",
    "parentid",
)
CONVERSATION: Final = ("conversationid", "conversation", "threadid", "thread", "chatid", "dialogid", "channelid")


def column_types(session: Session, table: str) -> dict[str, str]:
    """Return the type of each column of `table`, as format_type prints it; {} where there is no such table."""
    return {column.name: column.type for column in catalog.schema(session, [table]).value.columns}


def as_found(session: Session, backfill: Backfill) -> Backfill:
    """Return `backfill` with the columns that nobody named found by their usual names, None where there is none.

    A release document rarely says which column dates a row or holds its conversation, and both only say how to
    read: what must be true does not depend on them.
    """
    types = column_types(session, backfill.table)
    return backfill.model_copy(
        update={
            "created": backfill.created or usual_created(types),
            "conversation": backfill.conversation or usual(list(types), CONVERSATION),
        }
    )


def undated(table: str) -> str:
    """Return that no column dates the rows of `table`, and what names one."""
    return f"no column says when a row of {table} was created; name it in the target: [reading] backfill.created"


def usual_created(types: Mapping[str, str]) -> str | None:
    """Return the column that dates a row by its usual name and a type that holds a moment, None where none does."""
    return usual([name for name, kind in types.items() if kind.startswith("timestamp")], CREATED)


def usual_updated(types: Mapping[str, str]) -> str | None:
    """Return the column that says when a row was changed last, by its usual name; None where none does."""
    return usual([name for name, kind in types.items() if kind.startswith("timestamp")], UPDATED)


def usual(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """Return which of `columns` bears the first of the usual `names`; None where none does."""
    plain = {column.lower().replace("_", ""): column for column in columns}
    return next((plain[name] for name in names if name in plain), None)
