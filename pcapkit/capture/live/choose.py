"""The first capturer that works."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pcapkit.capture.live.process import Capturing
from pcapkit.capture.live.request import CaptureError, Request
from pcapkit.capture.live.tools import CHOICE, candidates
from pcapkit.capturer import privileges
from pcapkit.capturer.privileges import User


def start(request: Request) -> Capturing:
    """Begin to capture, then give up what privileges this process has. To be called in the main thread, before others are started.

    Raises:
        CaptureError: it cannot be captured, or not be written.
    """
    _look(request)
    refused: list[CaptureError] = []
    for tool in candidates(request):
        capturing = Capturing(request, tool)
        try:
            capturing.begin()
        except CaptureError as error:
            if error.kind not in ("privilege", "tool"):
                raise CaptureError(error.kind, f"{request.interface}: {error}" if error.kind == "interface" else str(error)) from None
            refused.append(error)
            continue
        give_up(stay=request.write is not None or request.outputs)
        capturing.run()
        return capturing
    raise _none_works(request, refused)


def _look(request: Request) -> None:
    """What can be told without trying."""
    if request.received is not None or sys.platform != "linux" or request.interface in ("any", "-"):
        return
    names = sorted(os.listdir("/sys/class/net")) if os.path.isdir("/sys/class/net") else [request.interface]
    if request.interface not in names:
        raise CaptureError("interface", f"{request.interface}: there is no such interface; there are {', '.join(names)}")


def _none_works(request: Request, refused: list[CaptureError]) -> CaptureError:
    if any(error.kind == "privilege" for error in refused):
        fix = "sudo setcap cap_net_raw,cap_net_admin+eip $(command -v dumpcap), or sudo"
        instead = f"sudo tcpdump -i {request.interface} -w FILE, then pcapkit analyze FILE"
        return CaptureError("privilege", f"{request.interface}: no permission to capture. Mend: {fix}. Or record with: {instead}")
    if refused:
        return CaptureError("tool", f"{request.interface}: {refused[0]}")
    wish = os.environ.get(CHOICE)
    what = f"the capturer {wish} cannot do this here" if wish else "nothing here can capture this"
    return CaptureError("tool", f"{request.interface}: {what}: sudo apt install wireshark-common (dumpcap) or tcpdump")


def give_up(stay: bool) -> None:
    """As root: become the user who called sudo, else nobody, and lose every capability.

    ``stay``: files are to be written, or are root's; then, and where that user could not read our own program, root remains, without capabilities.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    user = privileges.invoking_user() or (None if stay else privileges.nobody())
    if user is not None and _reaches_program(user):
        privileges.become(user)
    privileges.confine()


def _reaches_program(user: User) -> bool:
    """Whether a user can read what we may still import: asked by a process that becomes that user."""
    places = [place for place in (str(Path(__file__).parents[2]), *sys.path) if place and os.path.exists(place)]
    child = os.fork()
    if not child:
        try:
            privileges.become(user)
            os._exit(0 if all(os.access(place, os.R_OK) for place in places) else 1)
        except OSError:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
