"""What can be asked for: fields, their kinds, and how a typed value is compared with those of a row."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import translate
from ipaddress import ip_address, ip_network
from typing import Final, Literal, NamedTuple

from pcapkit.filter.regex import RegexError, compile_regex

Value = str | int | float
Row = Mapping[str, Sequence[Value]]
Test = Callable[[Value], bool]
Kind = Literal["text", "ip", "mac", "level", "number", "duration", "size", "time"]

SEVERITY: Final = ("info", "warning", "critical")
CONFIDENCE: Final = ("low", "medium", "high")
ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
NS: Final = 10**9

DURATIONS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
SIZES: Final = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


class ValueProblem(Exception):
    """The value does not fit the field; the message says what would."""


class Field(NamedTuple):
    """A field: what kind its values are, what it means, and an example. ``levels`` of an ordered field, lowest first."""

    kind: Kind
    meaning: str
    example: str
    levels: tuple[str, ...] = ()


FIELDS: Final[Mapping[str, Field]] = {
    "device": Field("text", "id or name of a device", "device:D1"),
    "session": Field("text", "id of a session", "session:S1"),
    "ip": Field("ip", "an address, or a network it is in", "ip:10.20.0.0/16"),
    "mac": Field("mac", "a MAC, or how it begins", "mac:a4:83:e7"),
    "vendor": Field("text", "maker of the network card", "vendor:apple*"),
    "platform": Field("text", "ios, android, windows-phone, windows, macos, linux", "platform:ios"),
    "domain": Field("text", "account domain of a session", "domain:contoso.com"),
    "service": Field("text", "lync or exchange", "service:lync"),
    "name": Field("text", "a name looked up or asked", "name:lyncdiscover*"),
    "sni": Field("text", "server name in a TLS hello", "sni:*.contoso.com"),
    "role": Field("text", "role of a name", "role:discover-internal"),
    "finding": Field("text", "code or id of a finding", "finding:hairpin-*"),
    "severity": Field("level", "info, warning, critical", "severity>=warning", SEVERITY),
    "confidence": Field("level", "low, medium, high", "confidence>=medium", CONFIDENCE),
    "outcome": Field("text", "of a session: succeeded, degraded, failed, incomplete", "outcome:failed"),
    "step": Field("text", "where it failed: dns, connect, tls, http, service", "step:tls"),
    "proto": Field("text", "protocol: dns, tls, http, dhcp, tcp, udp", "proto:dns|tls"),
    "flow": Field("text", "id of a flow", "flow:T7"),
    "port": Field("number", "a port", "port:443"),
    "status": Field("number", "HTTP status", "status>=400"),
    "frame": Field("number", "frame number", "frame:22"),
    "packets": Field("number", "packets of a flow", "packets>1000"),
    "rtt": Field("duration", "how long an answer took", "rtt>200ms"),
    "bytes": Field("size", "size", "bytes>1MB"),
    "time": Field("time", "when: 10:02:30, a date, or +5m after the start", "time<+5m"),
}


def test_for(name: str, op: str, text: str, moment: Callable[[str], int]) -> Test:
    """What a value of a row must fulfil. ``moment`` reads a time as ns.

    Raises:
        ValueProblem: the operator or the value does not fit the field.
    """
    field = FIELDS[name]
    if op == "~":
        return _matching(text)
    maker = _ORDERED.get(field.kind)
    if maker is not None:
        return maker(name, op, text, moment)
    if op not in (":", "=", "=="):
        raise ValueProblem(f"{name} has no order; write {name}:{text or '…'} or {name}~{text or '…'}")
    if field.kind == "ip":
        return _address(text)
    return _mac(text) if field.kind == "mac" else _text(text)


# ---------------------------------------------------------------- texts


def _text(text: str) -> Test:
    """Equal but for case; ``*`` and ``?`` are wild, ``|`` parts alternatives."""
    patterns = [re.compile(translate(part.strip().lower())) for part in text.split("|")]
    return lambda value: any(p.match(str(value).lower()) for p in patterns)


def _matching(pattern: str) -> Test:
    try:
        search = compile_regex(pattern)
    except RegexError as error:
        raise ValueProblem(str(error)) from None
    return lambda value: search(str(value))


def _mac(text: str) -> Test:
    wanted = re.sub(r"[.:-]", "", text.lower())
    if not re.fullmatch(r"[0-9a-f*?]{1,12}", wanted):
        raise ValueProblem(f"{text} is no MAC; write mac:a4:83:e7")
    pattern = re.compile(translate(wanted + "*"))
    return lambda value: bool(pattern.match(re.sub(r"[.:-]", "", str(value).lower())))


def _address(text: str) -> Test:
    if any(c in text for c in "*?|"):
        return _text(text)
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueProblem(f"{text} is no address or network; write ip:10.20.0.0/16") from None

    def inside(value: Value) -> bool:
        try:
            return ip_address(str(value)) in network
        except ValueError:
            return False

    return inside


# ---------------------------------------------------------------- values with an order


def _equal(left: float, right: float) -> bool:
    return left == right


def _compare(op: str, wanted: float) -> Test:
    """Compare numbers; values that are none never match."""
    order = ORDER.get(op, _equal)
    return lambda value: isinstance(value, (int, float)) and order(value, wanted)


def _number(name: str, op: str, text: str, _moment: Callable[[str], int]) -> Test:
    low, dash, high = text.partition("-")
    if dash and op not in ORDER and low.isascii() and low.isdigit() and high.isascii() and high.isdigit() and len(text) < 40:
        least, most = int(low), int(high)
        return lambda value: isinstance(value, (int, float)) and least <= value <= most
    return _compare(op, _scaled(name, text, {"": 1}))


def _duration(name: str, op: str, text: str, _moment: Callable[[str], int]) -> Test:
    return _compare(op, _scaled(name, text, DURATIONS))


def _size(name: str, op: str, text: str, _moment: Callable[[str], int]) -> Test:
    return _compare(op, _scaled(name, text, SIZES))


def _scaled(name: str, text: str, units: Mapping[str, float]) -> float:
    """A number with its unit, in seconds or bytes."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)\s*([a-zµ]{0,3})", text.lower())
    if not match or match[2] not in units:
        raise ValueProblem(f"{name} takes a number{' with a unit' if len(units) > 1 else ''}; write {FIELDS[name].example}")
    return float(match[1]) * units[match[2]]


def _level(name: str, op: str, text: str, _moment: Callable[[str], int]) -> Test:
    levels = FIELDS[name].levels
    text = "medium" if text.lower() == "med" else text.lower()
    if op not in ORDER and any(c in text for c in "*?|"):
        return _text(text)
    if text not in levels:
        raise ValueProblem(f"{name} is one of {', '.join(levels)}")
    rank = {level: number for number, level in enumerate(levels)}
    order, wanted = ORDER.get(op, _equal), rank[text]
    return lambda value: value in rank and order(rank[str(value)], wanted)


def _time(_name: str, op: str, text: str, moment: Callable[[str], int]) -> Test:
    wanted = moment(text)
    if op in ORDER:
        return _compare(op, wanted)
    span = NS if re.search(r":\d\d:\d\d", text) else 60 * NS if ":" in text else 86_400 * NS
    return lambda value: isinstance(value, int) and wanted <= value < wanted + span


_ORDERED: Final[Mapping[str, Callable[[str, str, str, Callable[[str], int]], Test]]] = {
    "number": _number,
    "duration": _duration,
    "size": _size,
    "level": _level,
    "time": _time,
}
