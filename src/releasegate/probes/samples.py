"""Test data found, not written down: conversations that hold what the release promises to show.

The API says which conversations and messages people can see; the database says what must be shown in them. Which
column holds the conversation is found out by comparing the two, so no file has to name it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from psycopg import sql

from releasegate.change.models import Backfill, Change
from releasegate.core import CannotMeasure, Measurement, pointers
from releasegate.core.facts.catalog import SchemaFacts
from releasegate.core.facts.http import Listing
from releasegate.core.facts.inbox import Conversation, Medium, Message, Original, Samples, with_customers
from releasegate.core.url_rule import accepted_types
from releasegate.probes import catalog
from releasegate.probes.handed_out import with_other_addresses
from releasegate.probes.http import Api
from releasegate.probes.postgres import Row, Session, identifier
from releasegate.probes.row_sql import has_more_elements
from releasegate.probes.wording import text_column
from releasegate.target.models import Looked

LISTED: Final = 60  # conversations that the API is asked to list: more than people scroll through
_MOST_READ: Final = 24  # conversations whose messages are read through the API
_IN_SIGHT: Final = 20  # conversations that a list shows before one has to ask for more
_COMPARED: Final = 5  # conversations whose rows are held against what the API shows, until a column is found
_WANTED: Final = 2  # conversations for each kind of thing
_GONE: Final = re.compile(
    r"^(?:is_?)?(?:deleted|removed|apagad[oa]|exclu[ií]d[oa]|removid[oa]|deletad[oa])(?:_?(?:at|on|em))?$",
    re.IGNORECASE,
)
_SENDER: Final = re.compile(
    r"^(?:sender|author|from|user|remetente|autor)_?(?:full_?|display_?)?(?:name|nome)$|^(?:remetente|autor|author|sender)$",
    re.IGNORECASE,
)
_IDENTIFYING: Final = re.compile(r"[0-9a-f]{8}-|://|^\d{4}-\d\d-\d\d|^\d+$", re.IGNORECASE)


def find(
    database: Session, api: Api, change: Change, deploy_began: datetime | None, given: Looked | None = None
) -> Measurement[Samples]:
    """Return conversations that together hold old media of every kind, several attachments, replies of every kind.

    Where `given` names some, and those that hold the messages it names, they are these, whatever they hold. Raises
    CannotMeasure where the API shows no conversation, does not show a message that is named, or the database knows
    none of the messages it shows.
    """
    began = time.monotonic()
    given = given or Looked()
    samples = Finder(database, api, change, deploy_began).find(given.conversations, given.messages)
    return Measurement(
        value=samples,
        unit="messages",
        rows=sum(len(conversation.messages) for conversation in samples.conversations),
        query=f"the API's first {samples.listed} conversations, read beside their rows in the database",
        duration_s=time.monotonic() - began,
        shown=samples.shown,
    )


class Finder:
    """Reads the API's conversations and their rows until every wanted thing was seen."""

    def __init__(self, database: Session, api: Api, change: Change, deploy_began: datetime | None) -> None:
        if change.backfill is None:
            raise CannotMeasure(
                "the change file has no [backfill], so nothing says which column holds a message's media"
            )
        self._database = database
        self._api = api
        self._backfill: Backfill = change.backfill
        self._kinds = change.interface.kinds if change.interface else ()
        self._viewed = change.interface.viewed if change.interface else ()
        self._sender_places = change.api.fields.sender
        self._messages_endpoint = change.api.messages
        found = catalog.schema(database, [change.backfill.table]).value
        self._types = {column.name: column.type for column in found.columns}
        reply = _reply_column(change, found)
        self._reply_column = reply if reply in self._types else ""  # after a restore it is gone again
        self._deploy_began = deploy_began
        self._text_column = change.backfill.preview_column or ""
        self._beside: dict[str, tuple[Listing, dict[str, Row]]] = {}

    def find(self, given: Sequence[str] = (), messages: Sequence[str] = ()) -> Samples:
        """Read until enough was seen, or until there is nothing left to read; of those that are named all."""
        listing = self._api.conversations(LISTED).value
        if not listing.known_ids:
            why = listing.why_no_id if listing.is_list else str(listing.answer)
            raise CannotMeasure(f"the API shows no conversation ({why}), so there is nothing to look at")
        names = names_of(listing)
        self._text_column = self._text_column or self._found_text_column(listing.known_ids)
        given = tuple(dict.fromkeys((*given, *self._holding(messages, listing.known_ids))))
        found: dict[str, Conversation] = {}
        read = 0
        for key in given or self._in_order(listing.known_ids[:LISTED]):
            if not given and (read >= _MOST_READ or self._is_enough(found.values())):
                break
            read += 1
            conversation = replace(self._conversation(key, names.get(key, ())), neighbours=neighbours_of(key, names))
            if given or self._adds(conversation, found.values()):
                found[key] = conversation
        chosen = with_customers(tuple(found.values()))
        _require_shown(messages, chosen)
        gone = sum(reply.original.is_gone for one in chosen for reply in one.replies if reply.original)
        return Samples(
            conversations=chosen, listed=len(listing.known_ids), read=read, originals_gone=gone,
            first=frozenset(messages), kinds=self._viewed, **self._counts()
        )  # fmt: skip

    def _holding(self, messages: Sequence[str], listed: Sequence[str]) -> list[str]:
        """Return the conversations of the named messages. Raises CannotMeasure where they cannot be told."""
        if not messages:
            return []
        rows = {str(row[self._backfill.key]): row for row in self._whole_rows(messages)}
        absent = [key for key in messages if key not in rows]
        if absent:
            raise CannotMeasure(f"[samples] messages: {self._backfill.table} has no row {', '.join(absent)}")
        column = self._conversation_column(listed)
        if column is None:
            raise CannotMeasure(
                "[samples] messages: which conversation holds them cannot be told; name it in [samples] conversations"
            )
        return [str(rows[key][column]) for key in messages]

    def _in_order(self, ids: Sequence[str]) -> list[str]:
        """Return conversation ids, those that hold rare things first; in the API's order where that cannot be told."""
        column = self._conversation_column(ids)
        if column is None:
            return list(ids)
        scores = {row["conversation"]: row["things"] for row in self._things(ids, column)}
        rank = {key: (place // _IN_SIGHT, -len(scores.get(key, ()))) for place, key in enumerate(ids)}
        return sorted((key for key in ids if key in scores), key=rank.__getitem__)

    def _conversation_column(self, ids: Sequence[str]) -> str | None:
        """Return the column in which the rows of a conversation's messages hold its id."""
        for key in ids[:_COMPARED]:
            rows = self._rows_beside(key)[1].values()
            shared = [{name for name, value in row.items() if str(value) == key} for row in rows]
            columns = set.intersection(*shared) if shared else set()
            if columns:
                return min(columns)
        return None

    def _found_text_column(self, ids: Sequence[str]) -> str:
        """Return the column that holds what people read, "" where none is like what the API shows."""
        for key in ids[:_COMPARED]:
            listing, rows = self._rows_beside(key)
            entries = zip(listing.ids, listing.items, strict=True)
            found = text_column(self._types, [(rows[one], entry) for one, entry in entries if one in rows])
            if found:
                return found
        return ""

    def _rows_beside(self, key: str) -> tuple[Listing, dict[str, Row]]:
        """Return what the API shows of a conversation's messages, and their rows by their keys; asked once."""
        if key not in self._beside:
            listing = self._api.messages(key).value
            rows = {str(row[self._backfill.key]): row for row in self._whole_rows(listing.known_ids)}
            self._beside[key] = listing, rows
        return self._beside[key]

    def _things(self, ids: Sequence[str], column: str) -> list[Row]:
        """Return for each conversation which things its newest rows hold."""
        b = self._backfill
        query = sql.SQL(
            "SELECT {conversation}::text AS conversation, array_agg(DISTINCT thing) AS things FROM {table} m, "
            "LATERAL unnest(ARRAY[CASE WHEN {media} <> '' THEN 'media:' || lower(substring(split_part({media}, '?', 1) "
            "from '[^.]{{1,5}}$')) END, CASE WHEN {reply} IS NOT NULL THEN 'reply' END, "
            "CASE WHEN {several} THEN 'several' END]) "
            "AS thing "
            "WHERE {conversation}::text = ANY({ids}) AND thing IS NOT NULL GROUP BY 1"
        ).format(
            conversation=identifier(column), table=identifier(b.table), media=identifier(b.from_column),
            several=self._has_several(), reply=self._reply(), ids=sql.Literal(list(ids)),
        )  # fmt: skip
        return self._database.read(query).rows

    def _conversation(self, key: str, names: tuple[str, ...]) -> Conversation:
        listing, rows = self._rows_beside(key)
        originals = self._originals(rows.values())
        senders = self._senders(listing)
        messages = tuple(self._message(rows[one], originals, senders) for one in listing.known_ids if one in rows)
        items = {one: item for one, item in zip(listing.ids, listing.items, strict=True) if one is not None}
        messages = with_other_addresses(messages, items, self._api.promised.fields)
        is_whole = self._is_whole(listing) and len(messages) == len(listing.items)
        return Conversation(id=key, names=names, messages=messages, is_whole=is_whole)

    def _is_whole(self, listing: Listing) -> bool:
        """Whether the first page is known to be all: of a list whose pages nobody can turn, any looks like the last."""
        endpoint = self._messages_endpoint
        if endpoint is None or not (endpoint.cursor or endpoint.page or endpoint.offset):
            return False
        return listing.is_whole and len(listing.items) < endpoint.page_length

    def _senders(self, listing: Listing) -> dict[str, str]:
        """Return by message id the name of who wrote it, as far as the API says: a table may hold only a number."""
        found = (
            (key, pointers.first(item, self._sender_places))
            for key, item in zip(listing.ids, listing.items, strict=True)
        )
        return {key: name for key, name in found if key is not None and _is_name(name)}

    def _message(self, row: Row, originals: Mapping[str, Row], names: Mapping[str, str]) -> Message:
        b = self._backfill
        key = str(row[b.key])
        replies_to = row.get(self._reply_column) if self._reply_column else None
        return Message(
            id=key,
            sender=_sender(row) or names.get(key, ""),
            text=self._text(row),
            media=tuple(self._media(row, key)),
            original=self._original(str(replies_to), originals, names) if replies_to else None,
        )

    def _media(self, row: Row, message: str) -> Iterator[Medium]:
        """Yield the media of a row: what the old column says, then what else the new one holds; each address once."""
        seen: set[str] = set()
        for url, kind in [(row.get(self._backfill.from_column) or "", ""), *self._attached(row)]:
            if url and url not in seen:
                seen.add(url)
                yield Medium(url=url, kind=kind or self._kind(url, row), message=message, is_old=self._is_old(row))

    def _attached(self, row: Row) -> Iterator[tuple[str, str]]:
        value, b = row.get(self._backfill.to_column), self._backfill
        for place in range(pointers.elements(value, b.url)):
            url = pointers.first(value, [pointers.moved(one, place) for one in b.url])
            kind = pointers.first(value, [pointers.moved(one, place) for one in b.type])
            if isinstance(url, str):
                yield url, self._kind(url, row) or (self._shown_as(kind) if isinstance(kind, str) else "")

    def _kind(self, url: str, row: Row) -> str:
        """Return which kind the change's rule gives `url`, "" where it does not decide for exactly one."""
        values = {name: None if value is None else str(value) for name, value in row.items()}
        types = accepted_types(self._backfill.types, url, values) or ()
        kinds = {self._shown_as(one) for one in types}
        return kinds.pop() if len(kinds) == 1 else ""

    def _shown_as(self, stored: str) -> str:
        """Return what a stored type is to people: as the change file says, else its own word (IMAGE, image/png)."""
        known: Mapping[str, str] = self._backfill.kinds
        return known.get(stored, stored.lower().partition("/")[0])

    def _is_old(self, row: Row) -> bool:
        """Whether a row is from before the deploy; of those without a time, whether the old column is filled."""
        created = row.get(self._backfill.created) if self._backfill.created else None
        if self._deploy_began is None or not isinstance(created, str):
            return bool(row.get(self._backfill.from_column))
        return datetime.fromisoformat(created).astimezone() < self._deploy_began

    def _original(self, key: str, originals: Mapping[str, Row], names: Mapping[str, str]) -> Original:
        row = originals.get(key)
        if row is None:
            return Original(id=key, is_gone=True)
        is_gone = any(self._says_gone(name) and value not in (None, False) for name, value in row.items())
        return Original(
            id=key,
            sender=_sender(row) or names.get(key, ""),
            text=self._text(row),
            is_gone=is_gone,
            has_media=bool(row.get(self._backfill.from_column)),
        )

    def _says_gone(self, column: str) -> bool:
        return column == self._backfill.deleted if self._backfill.deleted else bool(_GONE.match(column))

    def _originals(self, rows: Iterable[Row]) -> dict[str, Row]:
        if not self._reply_column:
            return {}
        wanted = [str(row[self._reply_column]) for row in rows if row.get(self._reply_column)]
        return {str(row[self._backfill.key]): row for row in self._whole_rows(wanted)}

    def _text(self, row: Row) -> str:
        return str(row.get(self._text_column) or "") if self._text_column else ""

    def _whole_rows(self, ids: Sequence[str]) -> list[Row]:
        """Return the rows with these keys as the server writes them in JSON: no column has to be known."""
        if not ids:
            return []
        b = self._backfill
        query = sql.SQL("SELECT to_jsonb(m) AS row FROM {table} m WHERE {key}::text = ANY({ids})").format(
            table=identifier(b.table), key=identifier(b.key), ids=sql.Literal(list(ids))
        )
        return [row["row"] for row in self._database.read(self._by_key(query, ids)).rows]

    def _by_key(self, query: sql.Composed, ids: Sequence[str]) -> sql.Composed:
        """Compare keys in their own type, so that the primary key's index serves; text where there is none to know."""
        b = self._backfill
        kind = self._types.get(b.key)
        if not kind:
            return query
        return sql.SQL("SELECT to_jsonb(m) AS row FROM {table} m WHERE {key} = ANY({ids}::{kind}[])").format(
            table=identifier(b.table), key=identifier(b.key), ids=sql.Literal(list(ids)), kind=sql.SQL(kind)
        )

    def _counts(self) -> dict[str, int]:
        """Return what the whole table holds: rows, replies, messages with several attachments."""
        b = self._backfill
        query = sql.SQL(
            "SELECT count(*) AS rows, count({reply}) AS replies, "
            "count(*) FILTER (WHERE {several}) AS several FROM {table}"
        ).format(reply=self._reply(), several=self._has_several(), table=identifier(b.table))
        return {name: int(value) for name, value in self._database.read(query).row.items()}

    def _reply(self) -> sql.Composable:
        return identifier(self._reply_column) if self._reply_column else sql.SQL("NULL::text")

    def _has_several(self) -> sql.Composable:
        """Return whether the new column holds several attachments, wherever in it their list is."""
        return has_more_elements(self._as_json(self._backfill.to_column), self._backfill.url, 1)

    def _as_json(self, column: str) -> sql.Composable:
        if column not in self._types:  # after a restore the new column is gone again
            return sql.SQL("NULL::jsonb")
        return sql.SQL("{}::jsonb").format(identifier(column))

    def _features(self, conversation: Conversation) -> set[str]:
        """Return what there is to see in a conversation."""
        found = {f"old {medium.kind}" for medium in conversation.media if medium.is_old and medium.kind in self._kinds}
        found |= {"several"} if any(message.has_several(self._viewed) for message in conversation.messages) else set()
        for reply in conversation.replies:
            assert reply.original is not None
            found.add("reply to a deleted message" if reply.original.is_gone else "reply")
            found |= {"reply to media"} if reply.original.has_media and not reply.original.text else set()
            found |= {_whose(reply)} - {""}
        return found

    def _adds(self, conversation: Conversation, found: Iterable[Conversation]) -> bool:
        have = [feature for one in found for feature in self._features(one)]
        return any(have.count(feature) < _WANTED for feature in self._features(conversation))

    def _is_enough(self, found: Iterable[Conversation]) -> bool:
        have = [feature for one in found for feature in self._features(one)]
        named = {"reply to one's own", "reply to another's"}  # only where a column tells who wrote what
        wanted = (
            {f"old {kind}" for kind in self._kinds}
            | (named if named & set(have) else set())
            | {
                "several",
                "reply",
                "reply to a deleted message",
                "reply to media",
            }
        )
        return all(have.count(feature) >= _WANTED for feature in wanted)


def _whose(reply: Message) -> str:
    """Return whether a message replies to one by the same sender, "" where nothing tells."""
    if reply.original is None or not reply.sender or not reply.original.sender:
        return ""
    return "reply to one's own" if reply.sender == reply.original.sender else "reply to another's"


def _require_shown(messages: Sequence[str], chosen: Iterable[Conversation]) -> None:
    shown = {message.id for conversation in chosen for message in conversation.messages}
    hidden = [key for key in messages if key not in shown]
    if hidden:
        raise CannotMeasure(
            f"[samples] messages: the API does not show {', '.join(hidden)} on the first page of the conversation"
        )


def _reply_column(change: Change, found: SchemaFacts) -> str:
    """Return the column by which a message points at another of its table, "" where the release has none.

    A release document rarely promises the foreign key. Where it does not, the release's own column that has one in
    the catalog counts, else the one of the key's own type.
    """
    b = change.backfill
    if b is None or change.db is None:
        return ""
    promised = [key.column for key in change.db.foreign_keys if key.table == b.table == key.references_table]
    own = [column.name for column in change.db.columns if column.table == b.table]
    held = [key.columns[0] for key in found.foreign_keys if key.references_table == b.table and len(key.columns) == 1]
    key = found.column(b.table, b.key)
    alike = [column.name for column in found.columns if key and column.type == key.type]
    likely = [name for name in own if name in held] or [name for name in own if name in alike and name != b.to_column]
    return next(iter([*promised, *likely]), "")


def _sender(row: Row) -> str:
    """Return the name of who wrote a message, "" where no column of the row looks like one that holds it."""
    found = [value for name, value in row.items() if _SENDER.match(name) and isinstance(value, str) and len(value) > 1]
    return found[0] if len(found) == 1 and _is_name(found[0]) else ""


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 1 and not _IDENTIFYING.search(value)


def names_of(listing: Listing) -> dict[str, tuple[str, ...]]:
    """Return for each conversation the short texts of its entry that no other entry has, the shortest first."""
    texts = {key: set(_texts(item)) for key, item in zip(listing.ids, listing.items, strict=True) if key is not None}
    everywhere = [text for found in texts.values() for text in found]
    return {
        key: tuple(sorted((text for text in found if everywhere.count(text) == 1), key=_likely_name))
        for key, found in texts.items()
    }


def neighbours_of(key: str, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return a name of each other conversation, of some that are listed first."""
    return tuple(found[0] for other, found in names.items() if found and other != key)[:_IN_SIGHT]


def _likely_name(text: str) -> tuple[bool, int]:
    """Order names as people read them before user names, and short ones before long ones."""
    return (" " not in text or not text[:1].isupper(), len(text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if 2 < len(value) <= 60 and not _IDENTIFYING.search(value):
            yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
