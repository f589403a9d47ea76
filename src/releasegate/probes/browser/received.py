"""Which messages a page received, as far as its traffic tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from releasegate.core.facts.inbox import Conversation
from releasegate.probes.browser.visit import Visit


def loaded(visit: Visit, conversation: Conversation) -> frozenset[str] | None:
    """Return the ids of the messages that stand in the page's own answers, None where none does.

    Only answers that speak of this conversation's messages count, two of them at least: a list of conversations holds
    one id of each.
    """
    return loaded_of([message.id for message in conversation.messages], [body for _, body in visit.listener.data()])


def loaded_of(ids: Sequence[str], bodies: Iterable[str]) -> frozenset[str] | None:
    """Return those of `ids` that stand in answers with two of them, or with all there are; None where no answer has."""
    held = [frozenset(key for key in ids if _is_in(body, key)) for body in bodies]
    return frozenset[str]().union(*(found for found in held if len(found) >= min(2, len(ids)))) or None


def _is_in(body: str, key: str) -> bool:
    forms = (f'"{key}"', f'"{key}\\"', f">{key}<", f":{key},")  # the second: JSON within a script of the document
    return any(form in body for form in forms)
