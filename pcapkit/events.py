"""Observations as the lines of ``pcapkit dissect``: the field names of the public contract, secrets left out (docs/security.md).

The target of a request and ``location`` are printed as sent, but for user information in URLs and the values of parameters whose names say that they
are secret. Other headers, bodies and certificates are in ``raw_`` fields, which are never printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final

from pcapkit_dissectors._api import Handover, Malformed
from pcapkit_dissectors.messages import Dns

from pcapkit.flows.connections import TcpSummary
from pcapkit.flows.facts import Observation

NS: Final = 10**9

_SECRET: Final = r"[\w.-]*(?:passw|pwd|passphrase|token|secret|ticket|signature|api-?_?key|credential|assertion|saml|session|jwt|otp)[\w.-]*|pass|pin|sid|sig|key|auth|code"
_SECRET_VALUE: Final = re.compile(rf"((?:^|[?&;#])(?:{_SECRET})=)[^&;#\s]+", re.IGNORECASE)
_USER: Final = re.compile(r"^([a-z][a-z0-9+.-]{0,15}://)[^/?#\s]*@", re.IGNORECASE)
_HIDDEN: Final = "‹redacted›"
_LONGEST: Final = 16_384


def shown_url(text: str) -> str:
    """A request target or URL without user information and without the values of secret parameters."""
    head, rest = text[:_LONGEST], text[_LONGEST:]
    if "@" in head:
        head = _USER.sub(r"\1", head)
    return (_SECRET_VALUE.sub(rf"\g<1>{_HIDDEN}", head) if "=" in head else head) + rest


_URLS: Final = ("uri", "location", "redirect", "access_location")


def as_dict(observation: Observation) -> dict[str, Any] | None:
    """One line; None for what is no event of the contract (a conversation that changes its protocol)."""
    event = observation.event
    message = event.message
    if isinstance(message, Handover):
        return None
    line: dict[str, Any] = {
        "type": "problem" if isinstance(message, Malformed) else message.TYPE,
        "capture": observation.capture,
        "frame": event.frames[-1],
        "frames": list(event.frames),
        "time": _time(event.time_ns),
        "src": observation.src,
        "sport": observation.sport,
        "dst": observation.dst,
        "dport": observation.dport,
        "transport": observation.transport,
    }
    if observation.flow >= 0:
        line["flow"] = f"T{observation.flow + 1}"
    if not event.complete:
        line["complete"] = False
    if event.decrypted:
        line["decrypted"] = True
    if observation.duplicate:
        line["duplicate"] = True
    for name, write in _columns(type(message)):
        line[name] = write(getattr(message, name))
    if isinstance(message, Dns) and not message.questions:
        line["qname"] = line["qtype"] = None
    elif line.get("body_len", 0) is None and event.complete and not line.get("body_note"):
        line["body_len"] = 0
    return line


def connection_dict(summary: TcpSummary, capture: int) -> dict[str, Any]:
    """A ``tcp.connection`` line: ``src`` sent the first SYN, else the first packet."""
    ends = summary.ends
    src, dst = (ends.client, ends.client_port), (ends.server, ends.server_port)
    forward, reverse = summary.bytes_client, summary.bytes_server
    if summary.swapped and not summary.syn:
        src, dst, forward, reverse = dst, src, reverse, forward
    return {
        "type": "tcp.connection", "capture": capture, "frame": summary.first_frame, "time": _time(summary.first_time_ns), "src": src[0], "sport": src[1],
        "dst": dst[0], "dport": dst[1], "transport": "tcp", "flow": f"T{summary.number + 1}", "packets": summary.packets, "bytes_fwd": forward,
        "bytes_rev": reverse, "syn": summary.syn, "synack": summary.synack, "fin": summary.fin, "rst": summary.rst, "first_frame": summary.first_frame,
        "last_frame": summary.last_frame, "last_time": _time(summary.last_time_ns),
    }  # fmt: skip


def _time(time_ns: int) -> str:
    """``seconds.nanoseconds``, of times before 1970 too."""
    sign, (seconds, rest) = ("-", divmod(-time_ns, NS)) if time_ns < 0 else ("", divmod(time_ns, NS))
    return f"{sign}{seconds}.{rest:09}"


@cache
def _columns(kind: type) -> list[tuple[str, Callable[[Any], Any]]]:
    """The fields of a message that are printed, and how."""
    writers = {**dict.fromkeys(_URLS, _url), "links": _links, "urls": _links}
    columns: list[tuple[str, Callable[[Any], Any]]] = [
        (field.name, writers.get(field.name, plain)) for field in fields(kind) if not field.name.startswith("raw_")
    ]
    if isinstance(service := getattr(kind, "service", None), str):
        columns.append(("service", lambda _: service))
    return columns


def _url(value: Any) -> Any:
    return shown_url(value) if isinstance(value, str) else value


def _links(value: Iterable[Any]) -> list[Any]:
    """Links of discovery answers, their URLs cleaned."""
    return [plain(link._replace(href=shown_url(link.href))) if hasattr(link, "href") else [link[0], shown_url(link[1])] for link in value]


def plain(value: Any) -> Any:
    """A value of a message as JSON knows it: named tuples as objects, bytes as hex."""
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, tuple):
        if hasattr(value, "_asdict"):
            return {name: plain(item) for name, item in value._asdict().items()}
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return value
