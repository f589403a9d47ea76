"""What an attachment is, checked on the way in and on the way out."""

from collections.abc import Mapping
from typing import Any, TypedDict

TYPES = ("image", "video", "audio", "file")


class Attachment(TypedDict):
    """One medium of a message: its address and its type, one of TYPES."""

    url: str
    type: str


class InvalidAttachments(ValueError):
    """Attachments that are not what the application promises its pages; names the message and the fault."""


def checked(value: object, where: str) -> list[Attachment]:
    """Return the attachments in VALUE, reduced to what the pages read. Raises InvalidAttachments naming WHERE."""
    if not isinstance(value, list):
        raise InvalidAttachments(f"attachments of {where} are no list but {type(value).__name__}")
    return [checked_one(one, f"{where}, attachment {place}") for place, one in enumerate(value, 1)]


def checked_one(value: object, where: str) -> Attachment:
    """Return one attachment. Raises InvalidAttachments."""
    if not isinstance(value, Mapping):
        raise InvalidAttachments(f"attachments of {where}: no object but {type(value).__name__}")
    url, kind = value.get("url"), value.get("type")
    if not isinstance(url, str) or not url:
        raise InvalidAttachments(f"attachments of {where}: url is {url!r}, a text is needed")
    if kind not in TYPES:
        raise InvalidAttachments(f"attachments of {where}: type is {kind!r}, one of {', '.join(TYPES)} is needed")
    return {"url": url, "type": kind}


def stored(attachments: list[Attachment], source: str) -> list[dict[str, Any]]:
    """Give attachments the form the table keeps; SOURCE tells who wrote them, and no person is `legacy_migration`."""
    return [{**one, "source": source} for one in attachments]
