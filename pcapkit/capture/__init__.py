"""Files, pipes and interfaces to records in memory."""

from pcapkit.capture.errors import NotACapture
from pcapkit.capture.folder import expand
from pcapkit.capture.source import Source, open_capture

__all__ = ["NotACapture", "Source", "expand", "open_capture"]
