"""What an inbox holds, as the database and the API say it: what the page must show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One file of a message. `kind` is image, video, audio or "" where the change's rule does not decide.

    `others` are further addresses by which the API hands it out and no other file of its conversation: a small copy,
    a way through the backend.
    """

    url: str
    kind: str
    message: str
    is_old: bool = False
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The message that another one replies to; `is_gone` says that it was deleted, `has_media` that it shows a file.

    `sender` is the name of who wrote it, "" where no column looks like one.
    """

    id: str
    sender: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    is_gone: bool = False
    has_media: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as the database has it; `text` and `sender` (a name, or "") never go into evidence."""

    id: str
    sender: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    media: tuple[Medium, ...] = ()
    original: Original | None = None

    def viewed(self, kinds: Collection[str]) -> tuple[Medium, ...]:
        """Return the media of these kinds, each address once: a viewer shows no voice message, and no document."""
        return tuple({medium.url: medium for medium in self.media if medium.kind in kinds}.values())

    def has_several(self, kinds: Collection[str]) -> bool:
        """Whether arrows have something to lead to."""
        return len(self.viewed(kinds)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation that the API shows, with the messages of the API's first page, in the API's order.

    `names` are texts of its entry in the API's list that no other entry has: what people would click on. `customers`
    are the names of who writes in no other of the chosen conversations, () where there is no other to compare with.
    `neighbours` are names of other entries of that list. `is_whole` says that it is known to have no other messages.
    """

    id: str
    names: tuple[str, ...] = field(default=(), repr=False)
    customers: tuple[str, ...] = field(default=(), repr=False)
    neighbours: tuple[str, ...] = field(default=(), repr=False)
    messages: tuple[Message, ...] = ()
    is_whole: bool = False

    @property
    def media(self) -> tuple[Medium, ...]:
        """Every medium of every message."""
        return tuple(medium for message in self.messages for medium in message.media)

    @property
    def replies(self) -> tuple[Message, ...]:
        """The messages that reply to another one."""
        return tuple(message for message in self.messages if message.original is not None)


def with_customers(conversations: Sequence[Conversation]) -> tuple[Conversation, ...]:
    """Return the conversations, each with its `customers`: those who answer write in many."""
    writing = [{message.sender for message in conversation.messages} - {""} for conversation in conversations]
    everybody = Counter(name for names in writing for name in names)
    return tuple(
        replace(one, customers=tuple(sorted(name for name in names if everybody[name] == 1 and len(writing) > 1)))
        for one, names in zip(conversations, writing, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Conversations chosen so that together they hold every kind of thing the release promises to show.

    `listed` counts the conversations that the API listed, `read` those whose messages were read. The table's own
    counts (`rows`, `replies`, `several`) cover everything, listed or not; `originals_gone` these conversations.
    `first` are the ids of messages that are tried before others, `kinds` those that the release promises to show.
    """

    conversations: tuple[Conversation, ...]
    listed: int
    read: int
    rows: int
    replies: int
    several: int
    originals_gone: int
    first: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ("image", "video")

    @property
    def replies_read(self) -> int:
        """How many replies the conversations hold, each with its original looked up."""
        return sum(len(conversation.replies) for conversation in self.conversations)

    @property
    def with_several(self) -> tuple[tuple[Conversation, Message], ...]:
        """Every message with several attachments to look at, those that are tried first before the others."""
        found = (
            (one, message) for one in self.conversations for message in one.messages if message.has_several(self.kinds)
        )
        return tuple(sorted(found, key=lambda pair: pair[1].id not in self.first))

    @property
    def shown(self) -> dict[str, object]:
        """What evidence keeps: ids and counts."""
        return {
            "conversations": {
                conversation.id: {
                    "messages": len(conversation.messages),
                    "media": len(conversation.media),
                    "replies": [message.id for message in conversation.replies],
                    "several": [message.id for message in conversation.messages if message.has_several(self.kinds)],
                }
                for conversation in self.conversations
            },
            "listed": self.listed,
            "read": self.read,
            "table": {"rows": self.rows, "replies": self.replies, "several attachments": self.several},
        }
