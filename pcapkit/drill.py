"""One packet through tshark, by way of pyshark, and Wireshark's display filters over a capture: what our own layers cannot read.

tshark works on strangers' bytes: it runs in a process of its own, on a small file with the packets that are needed, for ten seconds at most, and
is ended with all its children. The file is removed whatever happens.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from pcapkit.capture.writer import PcapngWriter
from pcapkit.options import StopFn

SECONDS: Final = 10.0
FILTER_SECONDS: Final = 600.0
NODES: Final = 20_000
OUTPUT: Final = 32 << 20
MATCHES: Final = 2_000_000
POLL_S: Final = 0.1
BYTES: Final = frozenset(
    ("tcp.payload", "udp.payload", "tcp.segment_data", "tcp.reassembled.data", "data.data", "http.file_data", "tls.segment.data")
)
"""Fields that are nothing but bytes: the hex view shows them, without secrets."""
MISSING: Final = "The packet tree needs tshark: apt install tshark (or the Wireshark package of your system)."


class DrillError(Exception):
    """tshark is missing, too slow, or refuses; the message is a whole sentence."""


class Node(NamedTuple):
    """A line of the tree. ``at``, ``size``: its bytes in the frame, size 0 where they do not lie there. Texts are as tshark gives them."""

    depth: int
    text: str
    at: int
    size: int


class Raw(NamedTuple):
    """A packet to be written for tshark."""

    time_ns: int
    data: bytes
    length: int
    link_type: int


def available() -> bool:
    """tshark is installed."""
    return shutil.which("tshark") is not None


def tree(packets: Sequence[Raw], stopped: StopFn, keys: bytes = b"", seconds: float = SECONDS) -> list[Node]:
    """The tree of the last of some packets; those before it are for reassembly. ``keys``: TLS secrets that may open it.

    Raises:
        DrillError: tshark is missing, took too long, or failed. Empty if stopped.
    """
    if not available():
        raise DrillError(MISSING)
    with _folder() as folder:
        path = folder / "packets.pcapng"
        with path.open("wb") as out:
            _write(out, packets, keys)
        command = [sys.executable, "-m", "pcapkit.drill", str(path), str(len(packets))]
        nodes = [Node(*json.loads(text)) for text in _run(command, stopped, seconds)]
    if not nodes and not stopped():
        raise DrillError("tshark could not read this packet.")
    return nodes


def matching(paths: Sequence[str], expression: str, stopped: StopFn, seconds: float = FILTER_SECONDS) -> dict[int, frozenset[int]]:
    """Frames by capture that a Wireshark display filter lets through.

    Raises:
        DrillError: tshark is missing, refuses the filter, or took too long.
    """
    if not available():
        raise DrillError("A filter that begins with = needs tshark: apt install tshark.")
    found: dict[int, frozenset[int]] = {}
    for capture, path in enumerate(paths):
        command = ["tshark", "-n", "-r", path, "-Y", expression, "-T", "fields", "-e", "frame.number"]
        numbers = (text for text in _run(command, stopped, seconds, _refusal))
        found[capture] = frozenset(int(text) for _, text in zip(range(MATCHES), numbers, strict=False) if text.isascii() and text.isdigit())
    return found


def _refusal(said: str) -> str:
    """Why tshark refuses a filter, in its own words, the first line."""
    lines = [text.strip() for text in said.splitlines() if text.strip() and "superuser" not in text and "Running as user" not in text]
    return f"tshark refuses: {lines[0].removeprefix('tshark: ')}" if lines else "tshark failed."


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that only its owner can look into."""
    folder = Path(tempfile.mkdtemp(prefix="pcapkit-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(out: IO[bytes], packets: Sequence[Raw], keys: bytes) -> None:
    writer = PcapngWriter(out)
    interfaces: dict[int, int] = {}
    for packet in packets:
        if packet.link_type not in interfaces:
            interfaces[packet.link_type] = writer.interface(packet.link_type)
    if keys:
        writer.secrets(keys)
    for packet in packets:
        writer.packet(interfaces[packet.link_type], packet.time_ns, packet.data, packet.length)


# ---------------------------------------------------------------- the child


def _run(command: Sequence[str], stopped: StopFn, seconds: float, failure: Callable[[str], str] = lambda _: "tshark failed.") -> list[str]:
    """The lines that a child prints; it is ended with its children when told to stop or when it takes too long.

    Raises:
        DrillError: it failed, printed too much, or took too long.
    """
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    except OSError as error:
        raise DrillError(f"tshark cannot be started: {error.strerror}.") from None
    try:
        out, err = _collect(child, stopped, seconds)
    finally:
        _end(child)
    if stopped():
        return []
    if child.returncode:
        raise DrillError(failure(err.decode("utf-8", "replace")))
    return out.decode("utf-8", "surrogateescape").splitlines()


def _collect(child: subprocess.Popen[bytes], stopped: StopFn, seconds: float) -> tuple[bytes, bytes]:
    until = time.monotonic() + seconds
    assert child.stdout is not None and child.stderr is not None  # noqa: PT018  # both are pipes
    parts: dict[int, bytearray] = {child.stdout.fileno(): bytearray(), child.stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as waiting:
        for pipe in (child.stdout, child.stderr):
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and not stopped():
            if time.monotonic() > until:
                raise DrillError(f"tshark took longer than {seconds:.0f} s and was ended.")
            for key, _ in waiting.select(POLL_S):
                data = os.read(key.fd, 65_536)
                if not data:
                    waiting.unregister(key.fileobj)
                parts[key.fd] += data
                if len(parts[key.fd]) > OUTPUT:
                    raise DrillError("tshark printed too much and was ended.")
    out, err = (bytes(part) for part in parts.values())
    if not stopped():
        child.wait(timeout=max(0.1, until - time.monotonic()))
    return out, err


def _end(child: subprocess.Popen[bytes]) -> None:
    """The child and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
    child.wait()


# ---------------------------------------------------------------- in the child


def _read(path: str, number: int) -> Iterator[Node]:
    """The tree of one frame of a file."""
    import pyshark  # a child of its own: nobody else pays for it

    capture = pyshark.FileCapture(path, display_filter=f"frame.number=={number}", keep_packets=False, custom_parameters=["-n"])
    try:
        packet = next(iter(capture), None)
        data = Path(path).read_bytes()
        for layer in packet.layers if packet is not None else ():
            yield from _layer(layer, data)
    finally:
        capture.close()


def _layer(layer: Any, data: bytes) -> Iterator[Node]:
    """A layer and its fields. pyshark keeps no nesting: bytes that lie within others' bytes stand below them."""
    fields = [
        field for container in layer._all_fields.values() for field in container.all_fields if not field.hide and (field.showname or field.show)
    ]
    title = next((str(f.showname) for f in fields if f.name == layer.layer_name), None)
    yield Node(0, title or str(layer.layer_name).upper(), 0, 0)
    spans = sorted(((int(f.pos or 0), -int(f.size or 0), n) for n, f in enumerate(fields)))
    above: list[tuple[int, int]] = []
    for at, minus, number in spans:
        size = -minus
        while above and not (above[-1][0] <= at and at + size <= above[-1][0] + above[-1][1] and size < above[-1][1]):
            above.pop()
        field = fields[number]
        text = str(field.showname or field.show)
        yield Node(1 + len(above), text.partition(":")[0] if field.name in BYTES else text, at, size if _there(field, data) else 0)
        if size:
            above.append((at, size))


def _there(field: Any, data: bytes) -> bool:
    """Its bytes are those of the frame, not of something put together from several."""
    raw = str(field.raw_value or "")
    try:
        return bool(raw) and bytes.fromhex(raw) in data
    except ValueError:
        return False


def main(words: Sequence[str]) -> int:
    """Print the tree of frame NUMBER of FILE, a JSON list a line."""
    for count, node in enumerate(_read(words[0], int(words[1]))):
        if count >= NODES:
            break
        sys.stdout.write(json.dumps(node) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
