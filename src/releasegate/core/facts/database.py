"""What is known about a database server, the role that looks at it, and what that role may see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAMES: Final = re.compile(r'"([^"]+)"|([\w$]+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """Which server and database answered, and as whom.

    `system_identifier` is drawn by initdb and follows a cluster to its replicas; `address` is information only,
    because poolers and tunnels change it. `version_number` as the server counts it: 170006 is 17.6. A dump does not
    hold `made_with`, what stands behind the name in the CREATE DATABASE of one like it, nor the settings and rights
    of the database itself, which it may have.
    """

    version: str
    version_number: int
    system_identifier: str
    database: str
    user: str
    address: str
    is_replica: bool = False
    made_with: str = ""
    has_own_settings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What the server said to a write in our session; `sqlstate` "" means that it was NOT refused."""

    statement: str
    sqlstate: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """What the session's role could do outside a read-only transaction; `owns` and `may_write` name tables."""

    name: str
    is_superuser: bool
    owns: tuple[str, ...] = ()
    may_write: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAccess:
    """How one table looks to the session's role.

    `found_as` is the qualified name that the search path leads to, "" where it leads nowhere. `closed_schema` is the
    schema that it stands in where the role may not use that. `is_filtered` says that row security would hide rows
    from this role; `has_rows` is None where the role may not look.
    """

    table: str
    found_as: str = ""
    closed_schema: str = ""
    may_select: bool = False
    is_filtered: bool = False
    has_rows: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the planner said to one statement.

    `sqlstate` "" means that it has a plan; `is_plannable` is False for what EXPLAIN does not take (DDL, DO). `grant` is
    what the role lacks to be told anything of its tables, for one in a schema that it may not use.
    """

    statement: str
    source: str
    sqlstate: str = ""
    message: str = ""
    is_plannable: bool = True
    grant: str = ""

    @property
    def named(self) -> frozenset[str]:
        """The names in the message, whichever language the server speaks: `"a"` of `"m"`, m.a, a."""
        return frozenset(quoted or plain for quoted, plain in _NAMES.findall(self.message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the server counts and shows to the session's role, for the gates after the release.

    `counted` of the change's `tables` (views have none) have counters. Of pg_stat_statements: the schema it stands in
    ("" not installed), the `sqlstate` with which it cannot be read ("" it can), how many statements it has and how
    many it hides.
    """

    role: str
    tables: int
    counted: int
    is_counting: bool
    schema: str = ""
    sqlstate: str = ""
    statements: int = 0
    hidden: int = 0
