"""A browser under a pseudo-terminal: what it writes, byte by byte, and how it leaves the terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PATHS = os.pathsep.join(str(p) for p in (ROOT, ROOT / "dissectors", ROOT / "tui", HERE, HERE.parent))
LONGEST_S = 30.0


@dataclass
class Terminal:
    """A child on a terminal of its own."""

    words: list[str]
    size: tuple[int, int] = (80, 24)
    out: bytes = b""
    environment: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Terminal:
        self.master, self.slave = pty.openpty()
        ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.size[1], self.size[0], 0, 0))
        self.before = termios.tcgetattr(self.slave)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "PYTHONPATH": PATHS, **self.environment}
        environment.pop("NO_COLOR", None)
        self.child = subprocess.Popen(
            [sys.executable, *self.words], stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environment, cwd=ROOT, start_new_session=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()
        os.close(self.master)
        os.close(self.slave)

    def read(self, quiet_s: float = 0.4, until: bytes | None = None) -> bytes:
        """What comes until nothing more comes for a while (or a text did)."""
        begun = len(self.out)
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end:
            ready, _, _ = select.select([self.master], [], [], quiet_s)
            if not ready:
                if until is None or self.child.poll() is not None:
                    break
                continue
            try:
                data = os.read(self.master, 65_536)
            except OSError:
                break
            self.out += data
            if until is not None and until in self.out[begun:]:
                until = None
        return self.out[begun:]

    def press(self, keys: str, quiet_s: float = 0.4) -> bytes:
        """Type, and read what is drawn."""
        os.write(self.master, keys.encode())
        return self.read(quiet_s)

    def wait(self) -> int:
        """The exit code; reads on meanwhile."""
        end = time.monotonic() + LONGEST_S
        while self.child.poll() is None and time.monotonic() < end:
            self.read(0.1)
        self.read(0.1)
        return self.child.wait(5)

    def restored(self) -> bool:
        """Modes of the line are as before, the alternate screen is left, the cursor shown, mouse and paste reports are off."""
        modes = termios.tcgetattr(self.slave)
        flags = all(modes[n] == self.before[n] for n in range(4))
        screen = self.out.rfind(b"\x1b[?1049l") > self.out.rfind(b"\x1b[?1049h")
        cursor = self.out.rfind(b"\x1b[?25h") > self.out.rfind(b"\x1b[?25l")
        reports = all(self.out.rfind(b"\x1b[?%sl" % m) >= self.out.rfind(b"\x1b[?%sh" % m) for m in (b"1000", b"1003", b"2004"))
        return flags and screen and cursor and reports
