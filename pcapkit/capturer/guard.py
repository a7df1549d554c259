"""A capturing tool and its guard: the tool gets the privileges it needs and no more, and ends when our standard input does.

When its interface goes down the tool ends; the guard waits, and starts it again with another file when the interface is up.
"""

from __future__ import annotations

import os
import select
import signal
import time
from typing import Any, Final

from pcapkit.capturer import privileges
from pcapkit.capturer.main import MISSING, say
from pcapkit.capturer.privileges import DAC_OVERRIDE, NET_ADMIN, NET_RAW, SETGID, SETUID

POLITE_S: Final = 3.0
"""How long the tool may take to end by itself."""
LOOK_S: Final = 0.5
LAST_S: Final = 0.5
"""Tools that are told to end leave in the kernel what it has not handed over yet: by then it has."""


class Guard:
    """Starts ``command`` as a child whose output streams are ours.

    As root, the tool runs as the user who called sudo, with the right to capture; without sudo as root, with the right to capture and to write.
    """

    def __init__(self, command: list[str], interface: str, write: str | None) -> None:
        self._command, self._interface, self._write = command, interface, write
        self._starts = 0
        self._child = 0
        self._ending = False

    def run(self) -> int:
        """Exit code of the tool, or ``MISSING`` when the interface is gone."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        while True:
            code = self._once() if self._there() else MISSING
            if self._ending or not os.path.isdir("/sys/class/net"):
                return code
            if not self._there():
                say(f"{self._interface} has vanished: capturing ends")
                return MISSING
            if code == 0 or is_up(self._interface):
                return code
            if not self._wait():
                return 0

    def _once(self) -> int:
        self._starts += 1
        command = list(self._command)
        if self._starts > 1 and self._write is not None:
            stem, ending = os.path.splitext(self._write)
            command[command.index(self._write)] = f"{stem}-{self._starts}{ending}"
        self._child = os.fork()
        if not self._child:
            _become(command)
        return self._watch()

    def _watch(self) -> int:
        deadline = time.monotonic() + POLITE_S
        while True:
            done, status = os.waitpid(self._child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status) & 255
            if not self._ending:
                if self._asked(0.1):
                    time.sleep(LAST_S)
                    self._pass_on(signal.SIGINT)
                deadline = time.monotonic() + POLITE_S
            elif time.monotonic() > deadline:
                self._pass_on(signal.SIGKILL)
            else:
                time.sleep(0.02)

    def _wait(self) -> bool:
        """Until the interface is up again; False if we are to end."""
        while not self._asked(LOOK_S):
            if not self._there():
                return True
            if is_up(self._interface):
                return True
        return False

    def _there(self) -> bool:
        system = "/sys/class/net"
        return self._interface == "any" or not os.path.isdir(system) or os.path.isdir(f"{system}/{self._interface}")

    def _asked(self, seconds: float) -> bool:
        if not self._ending and select.select([0], [], [], seconds)[0] and not os.read(0, 4_096):
            self._ending = True
        return self._ending

    def _on_signal(self, *_: object) -> None:
        self._ending = True
        self._pass_on(signal.SIGINT)

    def _pass_on(self, number: int) -> None:
        try:
            os.kill(self._child, number)
        except ProcessLookupError:
            return


def run(spec: dict[str, Any]) -> int:
    """Guard the ``command`` of a specification; ``monitor`` and ``channel`` are set before, and put back after it."""
    guard = Guard(spec["command"], spec["interface"], spec.get("write"))
    if not spec.get("monitor"):
        return guard.run()
    from pcapkit.capturer.wifi import Monitor

    with Monitor(spec["interface"], spec.get("channel")):
        return guard.run()


def is_up(name: str) -> bool | None:
    """Whether an interface is switched on, None where that cannot be told."""
    try:
        with open(f"/sys/class/net/{name}/flags", encoding="ascii") as file:
            return bool(int(file.read(), 16) & 1)
    except (OSError, ValueError):
        return None


def _become(command: list[str]) -> None:
    try:
        user = privileges.invoking_user()
        if user is not None:
            privileges.become(user, (NET_RAW, NET_ADMIN))
        elif os.geteuid() == 0:
            privileges.confine((NET_RAW, NET_ADMIN, DAC_OVERRIDE, SETUID, SETGID))  # tcpdump sets its user even to what it is
        privileges.die_with_parent()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(LC_ALL="C", LANGUAGE="C")
        os.execvp(command[0], command)
    except OSError as error:
        say(f"{command[0]}: {error.strerror}")
    finally:
        os._exit(127)
