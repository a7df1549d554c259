"""DNS over UDP, multicast DNS and LLMNR: one message a datagram.

A decoder of our own, because a capture holds many of these and a general library costs twenty times as much a message. Each name is read by one
loop with a bound; names that were met before are known by the offset where they stand, so a pointer to one costs a look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from socket import AF_INET6, inet_ntoa, inet_ntop
from struct import Struct
from typing import Final

from pcapkit_dissectors._api import DatagramDissector, DissectError, Truncated
from pcapkit_dissectors._limits import DNS_HOPS, DNS_NAME, DNS_RECORDS
from pcapkit_dissectors._wire import Reader
from pcapkit_dissectors.messages import Dns, Record

_HEADER: Final = Struct("!6H")
_QUESTION: Final = Struct("!2H")
_RECORD: Final = Struct("!2HIH")
_SRV: Final = Struct("!3H")
_SOA_TIMES: Final = Struct("!5I")

_REMEMBERED_BYTES: Final = 512
"""Messages up to this size are remembered: all but few (RFC 1035, 2.3.4)."""

_RESPONSE: Final = 0x8000
_AUTHORITATIVE: Final = 0x0400
_TRUNCATED: Final = 0x0200
_TTL_SIGN: Final = 0x8000_0000
_POINTER: Final = 0xC0

TYPES: Final[Mapping[int, str]] = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 24: "SIG", 25: "KEY",
    28: "AAAA", 29: "LOC", 33: "SRV", 35: "NAPTR", 37: "CERT", 39: "DNAME", 41: "OPT", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY",
    50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY",
}  # fmt: skip
"""Names of record types (IANA, DNS Resource Record Types); any other is ``TYPE123`` (RFC 3597, 5)."""


RCODES: Final[Mapping[int, str]] = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH",
    10: "NOTZONE",
}  # fmt: skip
"""Names of response codes (RFC 1035, 4.1.1; RFC 2136, 2.2)."""


def type_name(number: int) -> str:
    """Name of a record type."""
    return TYPES.get(number) or f"TYPE{number}"


def rcode_name(number: int) -> str:
    """Name of a response code."""
    return RCODES.get(number) or f"RCODE{number}"


class _Message(Reader):
    """A message while it is read. What was read before an error stays in the lists."""

    __slots__ = ("additional", "answers", "authority", "flags", "id", "known", "lenient", "questions", "raw")

    def __init__(self, data: bytes | memoryview, lenient: bool) -> None:
        super().__init__(data)
        self.raw = bytes(data)
        self.lenient = lenient
        self.known: dict[int, tuple[str, int]] = {}
        self.id = self.flags = 0
        self.questions: list[tuple[str, str]] = []
        self.answers: list[Record] = []
        self.authority: list[Record] = []
        self.additional: list[Record] = []

    def read(self) -> None:
        """Read all four sections (RFC 1035, 4.1). A message that says it was truncated may end anywhere behind its header."""
        self.id, self.flags, questions, answers, authority, additional = self.fields(_HEADER)
        try:
            for _ in range(min(questions, DNS_RECORDS)):
                name = self.name()
                kind, _ = self.fields(_QUESTION)
                self.questions.append((name, type_name(kind)))
            left = DNS_RECORDS - len(self.questions)
            for count, section in ((answers, self.answers), (authority, self.authority), (additional, self.additional)):
                for _ in range(min(count, left)):
                    section.append(self.record())
                left -= len(section)
        except Truncated:
            if not self.flags & _TRUNCATED:
                raise
        if questions + answers + authority + additional > DNS_RECORDS:
            raise DissectError(f"more than {DNS_RECORDS} records", self.pos)

    def name(self) -> str:
        """Take a name, following compression pointers (RFC 1035, 4.1.4), each of which must point further back than all before it."""
        raw, pos, end = self.raw, self.pos, self.end
        start = floor = pos
        labels: list[bytes] = []
        size, hops, after, suffix = 1, 0, 0, ""
        while True:
            if pos >= end:
                raise Truncated("name runs past the end", pos)
            length = raw[pos]
            if length == 0:
                pos += 1
                break
            if length < 64:
                stop = pos + 1 + length
                if stop > end:
                    raise Truncated("label runs past the end", pos)
                labels.append(raw[pos + 1 : stop])
                size += length + 1
                pos = stop
            elif length >= _POINTER:
                if pos + 2 > end:
                    raise Truncated("pointer runs past the end", pos)
                target = (length & 0x3F) << 8 | raw[pos + 1]
                hops += 1
                if target >= floor or hops > DNS_HOPS:
                    raise DissectError("compression pointer does not point back", pos)
                after = after or pos + 2
                if known := self.known.get(target):
                    suffix, more = known
                    size += more - 1
                    break
                floor = pos = target
                end = len(raw)
            else:
                raise DissectError("unknown label type", pos)
        if size > DNS_NAME:
            raise DissectError(f"name of more than {DNS_NAME} bytes", start)
        text = _text(labels, suffix)
        self.known[start] = (text, size)
        self.pos = after or pos
        return text

    def record(self) -> Record:
        """Take a resource record (RFC 1035, 4.1.3). A TTL with its top bit set counts as zero (RFC 2181, 8)."""
        name = self.name()
        kind, _, ttl, size = self.fields(_RECORD)
        start, outer = self.pos, self.end
        stop = start + size
        if stop > outer:
            raise Truncated(f"record data of {size} bytes, {outer - start} left", start)
        decode = _DATA.get(kind)
        data: str | tuple[str, ...]
        if decode is None or not size:
            data = self.raw[start:stop].hex()
        else:
            self.end = stop
            try:
                data = decode(self)
                if self.pos != stop:
                    raise DissectError(f"{stop - self.pos} bytes left over in {type_name(kind)} data", self.pos)
            except DissectError as error:
                if not self.lenient:
                    raise DissectError(f"{type_name(kind)} data: {error.reason}", error.offset) from None
                data = self.raw[start:stop].hex()
            self.end = outer
        self.pos = stop
        return Record(name, type_name(kind), 0 if ttl >= _TTL_SIGN else ttl, data)

    def message(self, proto: str) -> Dns:
        """What was read. LLMNR has another meaning for the bit of an authoritative answer (RFC 4795, 2.1.1)."""
        flags = self.flags
        response = bool(flags & _RESPONSE)
        qname, qtype = self.questions[0] if self.questions else ("", "")
        return Dns(
            proto=proto,
            id=self.id,
            opcode=flags >> 11 & 0xF,
            response=response,
            rcode=flags & 0xF if response else None,
            truncated=bool(flags & _TRUNCATED),
            qname=qname,
            qtype=qtype,
            questions=tuple(self.questions),
            answers=tuple(self.answers),
            authority=tuple(self.authority),
            authoritative=response and proto != "llmnr" and bool(flags & _AUTHORITATIVE),
            additional=tuple(self.additional),
        )


def _text(labels: list[bytes], suffix: str) -> str:
    """Labels as text: UTF-8 as multicast DNS sends it (RFC 6762, 16), a dot within a label as ``\\.``, other bytes as ``\\xNN``."""
    if not labels:
        return suffix
    joined = b".".join(labels)
    if joined.count(b".") >= len(labels) or b"\\" in joined:
        joined = b".".join(label.replace(b"\\", b"\\\\").replace(b".", b"\\.") for label in labels)
    text = joined.decode("utf-8", "backslashreplace")
    return f"{text}.{suffix}" if suffix else text


def _a(message: _Message) -> str:
    return inet_ntoa(message.take(4))


def _aaaa(message: _Message) -> str:
    return inet_ntop(AF_INET6, message.take(16))


def _mx(message: _Message) -> str:
    message.take(2)
    return message.name()


def _srv(message: _Message) -> str:
    priority, weight, port = message.fields(_SRV)
    return f"{priority} {weight} {port} {message.name()}"


def _txt(message: _Message) -> tuple[str, ...]:
    strings = []
    while message.left:
        strings.append(str(message.vector(1), "utf-8", "backslashreplace"))
    return tuple(strings)


def _soa(message: _Message) -> str:
    names = f"{message.name()} {message.name()}"
    return " ".join((names, *map(str, message.fields(_SOA_TIMES))))


_DATA: Final[Mapping[int, Callable[[_Message], str | tuple[str, ...]]]] = {
    1: _a,
    2: _Message.name,
    5: _Message.name,
    6: _soa,
    12: _Message.name,
    15: _mx,
    16: _txt,
    28: _aaaa,
    33: _srv,
    39: _Message.name,
}
"""How the data of a type is read (RFC 1035, 3.3; 2782; 3596; 6672). Data of no bytes, as in updates (RFC 2136, 2.4), is not."""


def parse_dns(data: bytes | memoryview, proto: str = "dns") -> Dns:
    """Parse a message; bytes behind its last record are ignored.

    Raises:
        Truncated: the message stops inside a field, and does not say that it was truncated.
        DissectError: a name or a length contradicts RFC 1035, or there are more than ``DNS_RECORDS`` records.
    """
    message = _Message(data, lenient=False)
    message.read()
    return message.message(proto)


def partial_dns(data: bytes | memoryview, proto: str = "dns") -> Dns | None:
    """Read what can be read of a damaged message: records whose data is wrong as hex, all up to the first wrong name or the end.

    None if not even the first question or record can be read.
    """
    message = _Message(data, lenient=True)
    try:
        message.read()
    except DissectError:
        if not (message.questions or message.answers or message.authority or message.additional):
            return None
    return message.message(proto)


def looks_like_dns(data: bytes | memoryview) -> bool:
    """True for the start of a message with exactly one question or a plausible answer without one; the question must have arrived."""
    message = _Message(data, lenient=True)
    try:
        _, flags, questions, answers, authority, additional = message.fields(_HEADER)
        if questions > 1 or max(answers, authority, additional) > DNS_RECORDS or flags >> 11 & 0xF > 6 or flags & 0xF > 11:
            return False
        if not flags & _RESPONSE and not questions:
            return False
        name = message.name()
        kind, klass = message.fields(_QUESTION)
    except DissectError:
        return False
    return name.isprintable() and kind != 0 and klass & 0x7FFF in (1, 3, 4, 254, 255)


def parse_datagram(data: bytes, proto: str = "dns") -> Dns:
    """As ``parse_dns``. Messages that are alike but for their id are read once: many hosts ask for the same few names.

    Raises:
        Truncated, DissectError: as ``parse_dns``.
    """
    if not _HEADER.size <= len(data) <= _REMEMBERED_BYTES:
        return parse_dns(data, proto)
    m = _parse_rest(data[2:], proto)
    return Dns(
        m.proto, int.from_bytes(data[:2], "big"), m.opcode, m.response, m.rcode, m.truncated, m.qname, m.qtype, m.questions, m.answers, m.authority,
        m.authoritative, m.additional,
    )  # fmt: skip


@lru_cache(maxsize=2_048)
def _parse_rest(rest: bytes, proto: str) -> Dns:
    """A message without its id."""
    return parse_dns(b"\0\0" + rest, proto)


DISSECTORS: Final = tuple(
    DatagramDissector(name, frozenset({port}), partial(parse_datagram, proto=name), partial(partial_dns, proto=name))
    for name, port in (("dns", 53), ("mdns", 5353), ("llmnr", 5355))
)
