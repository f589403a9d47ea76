"""What was seen, as data: an event chain that one writes, anybody reads, and nobody changes unnoticed."""

from releasegate.evidence.chain import Chain, Head, read
from releasegate.evidence.events import Event, Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import Attempt, History, Result, Waiver

__all__ = ["Attempt", "Chain", "Event", "Folder", "Head", "History", "Kind", "Result", "Waiver", "read"]
