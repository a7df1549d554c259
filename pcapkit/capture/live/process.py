"""A capturer under way: started, read from, asked to end."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Final, NamedTuple

from pcapkit.capture.live.relay import Relay
from pcapkit.capture.live.request import CaptureError, Kind, Request
from pcapkit.capture.live.tools import FILE, READY, Tool, meaning
from pcapkit.capturer.guard import is_up

START_S: Final = 10.0
"""A capturer must have begun within this time."""
ENDS_S: Final = 8.0
LAST_WORDS_S: Final = 1.0
LINES: Final = 20
_ROOT: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
_PROGRAM: Final = "import sys; sys.path.append(sys.argv.pop(2)); from pcapkit.capturer.main import main; sys.exit(main())"
_NOISE: Final = ("Packets captured:", "Packets received/dropped", "packets captured", "packet captured", "packets received by filter",
    "packet received by filter", "packets dropped by", "packet dropped by", "data link type", "Capturing on")  # fmt: skip


class Failure(NamedTuple):
    """Why a capture ended by itself. ``kind``: ``disk`` (not all packets were written), ``interface`` (gone), ``privilege``, ``tool``."""

    kind: Kind
    message: str


class Capturing:
    """A running capturer and the pipe from it (a ``pcapkit.live.Feed``)."""

    alive = True

    def __init__(self, request: Request, tool: Tool) -> None:
        self.tool = tool
        self.shown: str | None = request.write if request.write and not request.ring else request.interface
        self.written: str | None = None
        self._request = request
        self._lines: deque[str] = deque(maxlen=LINES)
        self._news: deque[str] = deque(maxlen=LINES)
        self._asked = self._closed = False
        self._up = True
        self._done = threading.Event()
        self._listener: threading.Thread | None = None
        self._read, write = os.pipe()
        self._grow(self._read)
        self.path = f"/dev/fd/{self._read}"
        self._relay = Relay(write) if request.write else None
        self._child = _spawn(tool, None if self._relay else write)
        if self._relay is None:
            os.close(write)
        self._rest = b""

    @staticmethod
    def _grow(pipe: int) -> None:
        """A larger pipe bridges the moments in which a report is drawn."""
        with suppress(OSError, ImportError, AttributeError):
            import fcntl

            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)

    # ------------------------------------------------------------ the beginning

    def begin(self) -> None:
        """Wait until packets are taken.

        Raises:
            CaptureError: it cannot be.
        """
        assert self._child.stderr is not None
        deadline = time.monotonic() + START_S
        fd = self._child.stderr.fileno()
        while time.monotonic() < deadline:
            if not select.select([fd], [], [], 0.1)[0]:
                continue
            data = os.read(fd, 4_096)
            if not data:
                break
            if any(list(map(self._line, self._split(data)))):
                break
        if self._began:
            if self._request.write and self.tool.name == "tcpdump":  # it does not say it
                self._begin_file(self._request.write)
            return
        self.close()
        raise self._error(self._child.wait())

    _began = False

    def _split(self, data: bytes) -> list[str]:
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("utf-8", "surrogateescape").strip() for line in whole]

    def _line(self, line: str) -> bool:
        """Take a line that the capturer said; whether it means that it has begun."""
        if line.startswith(FILE):
            self._begin_file(line.removeprefix(FILE))
            self._began = self._began or self.tool.name == "dumpcap"
            return self._began
        elif line.startswith(READY):
            self._began = True
            return True
        elif line and not any(noise in line for noise in _NOISE):
            self._lines.append(line)
        return False

    def _begin_file(self, path: str) -> None:
        if not self._request.write:
            return
        self.written = path
        if self._relay is not None:
            self._relay.add(path)

    def _error(self, code: int) -> CaptureError:
        said = " ".join(self._lines).removeprefix(f"{self.tool.name}: ") or f"{self.tool.title} ended with code {code} and did not say why"
        return CaptureError(meaning(said), said)

    def run(self) -> None:
        """Listen to the capturer from now on. Called when privileges are given up: threads begin with those of the one that starts them."""
        self._listener = threading.Thread(target=self._listen, daemon=True, name="capturer")
        self._listener.start()
        if self._relay is not None:
            self._relay.start()

    def _listen(self) -> None:
        assert self._child.stderr is not None
        while data := os.read(self._child.stderr.fileno(), 4_096):
            for line in self._split(data):
                self._line(line)
        self._child.wait()
        if self._relay is not None:
            self._relay.finish()
        self._done.set()

    # ------------------------------------------------------------ the feed

    def over(self, position: int) -> bool:
        return self._closed

    def stop(self) -> None:
        self._asked = True
        self._let_go()

    def _let_go(self) -> None:
        """Close what the capturer watches: it ends. Who calls this of his own accord has not asked for the end that may have come before."""
        stdin, self._child.stdin = self._child.stdin, None
        if stdin is not None:
            with suppress(OSError):
                stdin.close()

    def close(self) -> None:
        if self._closed:
            return
        self._let_go()
        self._closed = True
        try:
            self._child.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._listener is not None:  # what it said last is the reason
            self._listener.join(LAST_WORDS_S)
        with suppress(OSError):
            os.close(self._read)

    def failure(self) -> Failure | None:
        code = self._child.poll()
        if code in (None, 0) or (self._asked and code in (-2, 254, 130)):
            return None
        said = self._lines[-1] if code == 5 and self._lines else " ".join(self._lines)
        if self._asked and not said:
            return None
        kind: Kind = "disk" if code == 4 else "interface" if code == 5 else meaning(said)
        return Failure(kind, said or f"{self.tool.title} was ended; what it captured until then is kept")

    def said(self) -> list[str]:
        if self._relay is not None and self._relay.skipped:
            self._news.append(f"analysis fell behind the ring: {self._relay.skipped} of its files were replaced before they were analysed")
            self._relay.skipped = 0
        told = list(self._news)
        self._news.clear()
        return told + self._state()

    def _state(self) -> list[str]:
        """Whether the interface went down or came up again since it was last looked at; it may come up with nothing to be done."""
        up = is_up(self._request.interface)
        if up is None or up == self._up or self._child.poll() is not None:
            return []
        self._up = up
        return [f"{self._request.interface} is up again" if up else f"{self._request.interface} is down: waiting until it is up again"]


def _spawn(tool: Tool, write: int | None) -> subprocess.Popen[bytes]:
    argv = [*tool.argv, json.dumps(tool.spec)] if tool.argv else [sys.executable, "-I", "-S", "-c", _PROGRAM, json.dumps(tool.spec), _ROOT]
    out = subprocess.DEVNULL if write is None else write
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE, start_new_session=True)
