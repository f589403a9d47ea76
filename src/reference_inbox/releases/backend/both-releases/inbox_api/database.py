"""A small pool of database connections, and what the catalog says about the messages table."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

Connection = psycopg.AsyncConnection[DictRow]
SIZE = 8


class Database:
    """Lends connections one at a time; a broken one is thrown away and made anew at the next use."""

    def __init__(self, address: str) -> None:
        """Take the address; connect on first use, so that the API starts, and says so, without a database."""
        self.address = address
        self._slots: asyncio.Queue[Connection | None] = asyncio.Queue()
        for _ in range(SIZE):
            self._slots.put_nowait(None)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection inside one transaction: committed at the end, rolled back on an exception."""
        lent = await self._slots.get()
        try:
            if lent is None or lent.closed:
                lent = await psycopg.AsyncConnection.connect(
                    self.address, row_factory=dict_row, application_name="inbox-api", connect_timeout=3, autocommit=True
                )
            async with lent.transaction():
                yield lent
        finally:
            self._slots.put_nowait(lent if lent is not None and not lent.closed else None)

    async def close(self) -> None:
        """Close what is idle; the process is about to end."""
        while not self._slots.empty():
            idle = self._slots.get_nowait()
            if idle is not None:
                await idle.close()


async def rows(connection: Connection, query: Any, *parameters: object) -> list[DictRow]:
    """Return all rows of a query."""
    return await (await connection.execute(query, parameters or None)).fetchall()


async def one(connection: Connection, query: Any, *parameters: object) -> DictRow | None:
    """Return the first row of a query, or None."""
    return await (await connection.execute(query, parameters or None)).fetchone()


async def has_columns(connection: Connection, *names: str) -> bool:
    """Tell whether the messages table has all these columns: the code goes out before the migration does."""
    found = await one(
        connection,
        "SELECT count(*) AS n FROM pg_attribute WHERE attrelid = 'messages'::regclass "
        "AND attname = ANY (%s) AND NOT attisdropped",
        list(names),
    )
    return found is not None and found["n"] == len(names)
