"""What opening a capture can refuse."""

from __future__ import annotations


class NotACapture(Exception):
    """The input is something else, or nothing; the message is one line that says what it is and how to convert it."""
