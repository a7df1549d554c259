"""DHCPv4: which device got which address, and what it tells of itself (RFC 2131, 2132)."""

from __future__ import annotations

from collections.abc import Mapping
from socket import inet_ntoa
from struct import Struct
from typing import Final

from pcapkit_dissectors._api import DatagramDissector, DissectError, Truncated
from pcapkit_dissectors._wire import Reader
from pcapkit_dissectors.messages import Dhcp

_FIXED: Final = Struct("!4BIHH")
_COOKIE: Final = b"\x63\x82\x53\x63"
_PAD: Final = 0
_END: Final = 255

DNS_SERVERS: Final = 6
HOST_NAME: Final = 12
DOMAIN_NAME: Final = 15
REQUESTED_ADDRESS: Final = 50
LEASE_TIME: Final = 51
OVERLOAD: Final = 52
MESSAGE_TYPE: Final = 53
SERVER_ID: Final = 54
PARAMETERS: Final = 55
VENDOR_CLASS: Final = 60
CLIENT_ID: Final = 61
CLIENT_FQDN: Final = 81

_FILE: Final = 1
_SNAME: Final = 2


def _collect(reader: Reader, options: dict[int, bytes]) -> None:
    """Take options to the end mark. An option that comes again goes on where it stopped (RFC 3396, 7)."""
    while reader.left:
        code = reader.uint(1)
        if code == _END:
            return
        if code != _PAD:
            options[code] = options.get(code, b"") + bytes(reader.vector(1))


def _text(value: bytes | None) -> str | None:
    """Text of an option, without the NUL that some senders add (RFC 2132, 2)."""
    if value is None:
        return None
    return value.rstrip(b"\0").decode("utf-8", "backslashreplace") or None


def _addresses(value: bytes | None) -> tuple[str, ...]:
    value = value or b""
    return tuple(inet_ntoa(value[at : at + 4]) for at in range(0, len(value) - 3, 4))


def _address(value: bytes | None) -> str | None:
    return inet_ntoa(value) if value and len(value) == 4 else None


def _colons(value: bytes | memoryview) -> str:
    return bytes(value).hex(":")


def _client_id(value: bytes | None) -> str | None:
    """A hardware address after type 1 as such, anything else as hex (RFC 2132, 9.14)."""
    if not value:
        return None
    return _colons(value[1:]) if len(value) == 7 and value[0] == 1 else value.hex()


def _fqdn(value: bytes | None) -> str | None:
    """The client's full name: ASCII, or labels as in DNS when bit E is set (RFC 4702, 2.1 and 3.1)."""
    if not value or len(value) <= 3:
        return None
    name = value[3:]
    if not value[0] & 0x04:
        return _text(name.rstrip(b"."))
    labels, reader = [], Reader(name)
    while reader.left and (size := reader.uint(1)):
        labels.append(bytes(reader.take(min(size, reader.left))))
    return _text(b".".join(labels))


def _read(data: bytes | memoryview, lenient: bool) -> Dhcp:
    reader = Reader(data)
    op, hardware, size, _, xid, _, _ = reader.fields(_FIXED)
    if op not in (1, 2):
        raise DissectError(f"operation {op}", 0)
    ciaddr, yiaddr = inet_ntoa(reader.take(4)), inet_ntoa(reader.take(4))
    reader.take(8)
    chaddr = reader.take(16)
    sname, file = reader.take(64), reader.take(128)
    if bytes(reader.take(4)) != _COOKIE:
        raise DissectError("no DHCP magic cookie", reader.pos - 4)
    options: dict[int, bytes] = {}
    try:
        _collect(reader, options)
        overload = int.from_bytes(options.get(OVERLOAD, b""), "big")
        for bit, area in ((_FILE, file), (_SNAME, sname)):
            if overload & bit:
                _collect(Reader(area), options)
    except Truncated:
        if not lenient:
            raise
    mac = _colons(chaddr[: size if hardware == 1 and size <= 16 else 6])
    return _message(xid, mac, ciaddr, yiaddr, options)


def _message(xid: int, mac: str, ciaddr: str, yiaddr: str, options: Mapping[int, bytes]) -> Dhcp:
    kind, lease = options.get(MESSAGE_TYPE, b""), options.get(LEASE_TIME, b"")
    return Dhcp(
        xid=xid,
        message_type=kind[0] if kind else 0,
        client_mac=mac,
        hostname=_text(options.get(HOST_NAME)),
        yiaddr=yiaddr,
        ciaddr=ciaddr,
        requested_ip=_address(options.get(REQUESTED_ADDRESS)),
        server_id=_address(options.get(SERVER_ID)),
        dns_servers=_addresses(options.get(DNS_SERVERS)),
        domain=_text(options.get(DOMAIN_NAME)),
        vendor_class=_text(options.get(VENDOR_CLASS)),
        parameters=tuple(options.get(PARAMETERS, b"")),
        client_id=_client_id(options.get(CLIENT_ID)),
        fqdn=_fqdn(options.get(CLIENT_FQDN)),
        lease_s=int.from_bytes(lease, "big") if len(lease) == 4 else None,
    )


def parse_dhcp(data: bytes | memoryview) -> Dhcp:
    """Parse a message. One without a message type, as BOOTP knew it, has ``message_type`` 0; the end mark may be missing.

    Raises:
        Truncated: the message stops inside a field or an option.
        DissectError: neither request nor reply, or no DHCP magic cookie (RFC 2131, 3).
    """
    return _read(data, lenient=False)


def partial_dhcp(data: bytes | memoryview) -> Dhcp | None:
    """Read the options that are whole; None if the fixed part is not."""
    try:
        return _read(data, lenient=True)
    except DissectError:
        return None


DISSECTOR: Final = DatagramDissector("dhcp", frozenset({67, 68}), parse_dhcp, partial_dhcp)
