"""What people write once the new schema is there: a live inbox does not stand still for a backfill.

Everything goes through the new backend, as staff (the API) or as customers (the webhook): replies of every kind
and attachments of their own, which carry no marker of the backfill.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from reference_inbox.network import post
from reference_inbox.seeding.pictures import PICTURES
from reference_inbox.state import Record, State

TALKS: Final = 6  # conversations that go on, the newest ones: a page of the list shows them all
ALIVE: Final = {
    "image": f"photos/{PICTURES[0].file}",
    "video": "clips/roda-de-oleiro.mp4",
    "second": f"photos/{PICTURES[22].file}",
}

ORIGINALS: Final = """
SELECT DISTINCT ON (kind) kind, id FROM (
    SELECT id, created_at, CASE
        WHEN media_url <> '' AND coalesce(content, '') = '' AND message_type = 'image' THEN 'photo'
        WHEN media_url <> '' AND coalesce(content, '') = '' AND message_type = 'video' THEN 'video'
        WHEN length(content) > 150 THEN 'long'
        WHEN sender_type = 'user' AND coalesce(media_url, '') = '' AND length(content) BETWEEN 1 AND 80 THEN 'staff'
        WHEN sender_type = 'customer' AND coalesce(media_url, '') = '' AND length(content) BETWEEN 1 AND 80
            THEN 'customer' END AS kind
    FROM (SELECT * FROM messages WHERE conversation_id = %s AND deleted_at IS NULL
          ORDER BY created_at DESC LIMIT 40) newest
) kinds WHERE kind IS NOT NULL ORDER BY kind, created_at DESC
"""


@dataclass
class Talk:
    """One conversation going on: who writes, and the messages one can reply to by kind."""

    state: State
    record: Record
    token: str
    conversation: str
    originals: dict[str, str]
    written: list[str] = field(default_factory=list)

    def staff(self, content: str | None, reply: str | None = None, attachments: tuple[str, ...] = ()) -> str:
        """Write as the signed-in person; return the message's id."""
        url = f"{self.record.backend_url}/api/messaging/conversations/{self.conversation}/messages"
        return self._sent(post(url, self._body(content, reply, attachments), {"authorization": f"Bearer {self.token}"}))

    def customer(self, content: str | None, reply: str | None = None, attachments: tuple[str, ...] = ()) -> str:
        """Write as the customer, the way Instagram delivers it; return the message's id."""
        body = self._body(content, reply, attachments)
        signed = hmac.new(self.state.secret("webhook").encode(), body, hashlib.sha256).hexdigest()
        return self._sent(
            post(f"{self.record.backend_url}/api/webhooks/instagram", body, {"x-hub-signature-256": f"sha256={signed}"})
        )

    def _body(self, content: str | None, reply: str | None, attachments: tuple[str, ...]) -> bytes:
        media = [
            {"url": f"{self.record.backend_url}/media/{ALIVE[kind]}", "type": "video" if kind == "video" else "image"}
            for kind in attachments
        ]
        return json.dumps(
            {
                "conversation_id": self.conversation,
                "content": content,
                "attachments": media,
                "replied_to_message_id": reply,
            }
        ).encode()

    def _sent(self, answer: dict[str, Any]) -> str:
        self.written.append(answer["id"])
        return self.written[-1]


def people_write(state: State) -> int:
    """Let the newest conversations go on, and return how many messages that made."""
    record = state.read()
    signed_in = post(f"{record.backend_url}/api/auth/login", json.dumps(record.login).encode(), {})
    with psycopg.connect(record.owner_dsn, autocommit=True) as database:
        newest = database.execute(
            "SELECT id::text FROM conversations ORDER BY last_message_at DESC NULLS LAST, id LIMIT %s", (TALKS,)
        ).fetchall()
        talks = [
            Talk(state, record, signed_in["access_token"], conversation, originals(database, conversation))
            for (conversation,) in newest
        ]
        for talk in talks:
            goes_on(talk)
        loses_originals(talks[0], database)
        loses_originals(talks[2], database)
    return sum(len(talk.written) for talk in talks)


def originals(database: psycopg.Connection, conversation: str) -> dict[str, str]:
    """Find the newest message of each kind that one replies to."""
    return {kind: str(message) for kind, message in database.execute(ORIGINALS, (conversation,))}


def goes_on(talk: Talk) -> None:
    """Write a few messages of every kind in a conversation."""
    have = talk.originals.get
    talk.customer("Esse aqui ainda tem?", reply=have("photo"))
    talk.staff("Tem sim, e o vídeo mostra o brilho.", reply=have("video"))
    talk.staff("Dá tempo! Mando o orçamento hoje.", reply=have("long"))
    talk.customer("Combinado então", reply=have("staff"))
    talk.staff("Como conversamos", reply=have("customer"))
    talk.customer(None, attachments=("image",))
    talk.staff("Olha as três peças", attachments=("image", "video", "second"))
    talk.staff("E a de perto", reply=talk.written[-1], attachments=("second",))


def loses_originals(talk: Talk, database: psycopg.Connection) -> None:
    """Reply to two messages that go away: one is hidden (soft), one erased, which clears the reference to it."""
    hidden = talk.customer("Desculpa, mensagem errada")
    talk.staff("Sem problema!", reply=hidden)
    erased = talk.customer("Apaguem meus dados, por favor")
    talk.staff("Pronto, apagamos.", reply=erased)
    database.execute("UPDATE messages SET deleted_at = now(), updated_at = now() WHERE id = %s", (hidden,))
    database.execute("DELETE FROM messages WHERE id = %s", (erased,))
