"""Capturing: the side without privileges. A process of its own captures (``pcapkit.capturer``, ``dumpcap``, ``tcpdump``), we read what it writes."""

from pcapkit.capture.live.choose import start
from pcapkit.capture.live.process import Capturing, Failure
from pcapkit.capture.live.request import CaptureError, Request

__all__ = ["CaptureError", "Capturing", "Failure", "Request", "start"]
