"""What workers tell the browser. Workers never touch a widget: they post these, and the app and its screens act on them."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from pcapkit.options import Progress
from pcapkit_tui.state import Snapshot


@dataclass
class Advanced(Message):
    """How far loading is. A later one makes an earlier one worthless."""

    progress: Progress
    speed: float

    def can_replace(self, message: Message) -> bool:
        """Only the latest counts."""
        return isinstance(message, Advanced)


@dataclass
class Known(Message):
    """A report, of a part or the whole. A later one makes an earlier one worthless."""

    snapshot: Snapshot

    def can_replace(self, message: Message) -> bool:
        """Only the latest counts."""
        return isinstance(message, Known)


@dataclass
class Failed(Message):
    """Loading ended with nothing to show, or with a bug of ours; ``reason`` is a whole sentence."""

    reason: str
