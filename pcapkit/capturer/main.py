"""The entry of the capturing process: ``main`` with a specification in JSON on the command line."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final

DISK: Final = 4
MISSING: Final = 5
READY: Final = "ready"
"""First word on standard error once packets are taken; anything else there is a message for the user, a line each."""


class Ends(Exception):
    """Capturing cannot begin, or go on. ``code``: exit code of the process, and what the contract says of it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def say(text: str) -> None:
    """A line on standard error, where the analyzer reads it."""
    try:
        os.write(2, text.replace("\n", " ")[:1_000].encode("utf-8", "backslashreplace") + b"\n")
    except OSError:
        return


def main() -> int:
    """Do what the specification says: ``kind`` guard, ring or datagrams."""
    spec: dict[str, Any] = json.loads(sys.argv[1])
    try:
        if spec["kind"] == "guard":
            from pcapkit.capturer import guard

            return guard.run(spec)
        if spec["kind"] == "ring":
            from pcapkit.capturer import ring

            return ring.run(spec)
        from pcapkit.capturer import datagrams

        return datagrams.run(spec)
    except Ends as end:
        say(end.message)
        return end.code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 0
