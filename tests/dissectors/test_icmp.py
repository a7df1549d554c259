from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import Truncated
from pcapkit_dissectors.icmp import ICMP, ICMPV6, code_name, parse_icmp_error
from pcapkit_dissectors.messages import IcmpError, Quoted
from properties import mutated, outcome

PHONE, SERVICE = ip_address("192.0.2.31").packed, ip_address("203.0.113.50").packed
PHONE6, SERVICE6 = ip_address("2001:db8::31").packed, ip_address("2001:db8:1::50").packed
SYN = bytes.fromhex("c00001bb 11223344 00000000 6002ffff 00000000")


def ipv4(payload: bytes, proto: int = 6, options: bytes = b"", fragment: int = 0) -> bytes:
    first = 0x45 + len(options) // 4
    return bytes([first, 0, 0, 60, 0, 1]) + fragment.to_bytes(2, "big") + bytes([64, proto, 0, 0]) + PHONE + SERVICE + options + payload


def ipv6(payload: bytes, proto: int = 6) -> bytes:
    return bytes.fromhex("60000000 0014") + bytes([proto, 64]) + PHONE6 + SERVICE6 + payload


def error(kind: int, code: int, quoted: bytes, word: bytes = bytes(4)) -> bytes:
    return bytes([kind, code, 0, 0]) + word + quoted


SAMPLES = [error(3, 13, ipv4(SYN)), error(1, 1, ipv6(SYN)), error(2, 0, ipv6(b"\x06\0" + bytes(6) + SYN, proto=0))]
QUOTED = Quoted("192.0.2.31", "203.0.113.50", "tcp", 49152, 443, 0x11223344)
QUOTED6 = Quoted("2001:db8::31", "2001:db8:1::50", "tcp", 49152, 443, 0x11223344)


def test_a_firewall_that_says_no() -> None:
    assert parse_icmp_error(ICMP, error(3, 13, ipv4(SYN))) == IcmpError(3, 13, QUOTED, "communication administratively prohibited")


def test_ipv6_unreachable() -> None:
    assert parse_icmp_error(ICMPV6, error(1, 4, ipv6(SYN))) == IcmpError(1, 4, QUOTED6, "port unreachable")


@pytest.mark.parametrize(
    ("proto", "data", "mtu"),
    [
        (ICMP, error(3, 4, ipv4(SYN), b"\0\0\5\xb4"), 1460),
        (ICMP, error(3, 4, ipv4(SYN)), None),
        (ICMP, error(3, 1, ipv4(SYN), b"\0\0\5\xb4"), None),
        (ICMPV6, error(2, 0, ipv6(SYN), b"\0\0\5\0"), 1280),
    ],
)
def test_the_mtu_that_a_router_tells(proto: int, data: bytes, mtu: int | None) -> None:
    message = parse_icmp_error(proto, data)
    assert message is not None
    assert message.mtu == mtu


def test_a_redirect_names_the_gateway() -> None:
    message = parse_icmp_error(ICMP, error(5, 1, ipv4(SYN), PHONE))
    assert message is not None
    assert (message.gateway, message.code_name, message.quoted) == ("192.0.2.31", "redirect for host", QUOTED)


@pytest.mark.parametrize(("proto", "kind"), [(ICMP, 0), (ICMP, 8), (ICMPV6, 128), (ICMPV6, 135), (ICMPV6, 3 + 128), (17, 3)])
def test_what_is_no_error_is_none(proto: int, kind: int) -> None:
    assert parse_icmp_error(proto, error(kind, 0, ipv4(SYN))) is None


@pytest.mark.parametrize(
    ("extensions", "first", "ports"),
    [
        (b"\x06\0" + bytes(6), 0, True),
        (b"\x3c\0" + bytes(6) + b"\x06\1" + bytes(14), 0, True),
        (b"\x06\0\0\0\0\0\0\1", 44, True),
        (b"\x06\0\0\x08\0\0\0\1", 44, False),
        (b"\x06\1" + bytes(10), 51, True),
    ],
    ids=["hop-by-hop", "two", "first fragment", "later fragment", "authentication"],
)
def test_extension_headers_before_the_ports(extensions: bytes, first: int, ports: bool) -> None:
    message = parse_icmp_error(ICMPV6, error(1, 0, ipv6(extensions + SYN, proto=first)))
    assert message is not None
    assert message.quoted == (QUOTED6 if ports else Quoted("2001:db8::31", "2001:db8:1::50", "tcp", None, None))


def test_how_much_is_quoted() -> None:
    whole = error(11, 0, ipv4(SYN, options=b"\1\1\1\1"))
    quoted = [parse_icmp_error(ICMP, whole[:size]) for size in range(8, len(whole) + 1)]
    seen = [message.quoted for message in quoted if message is not None]
    assert seen[:20] == [None] * 20
    assert {q.sport for q in seen[20:28] if q} == {None}
    assert {(q.sport, q.seq) for q in seen[28:32] if q} == {(49152, None)}
    assert {q.seq for q in seen[32:] if q} == {0x11223344}


def test_later_fragments_and_other_transports_have_no_ports() -> None:
    later = parse_icmp_error(ICMP, error(3, 1, ipv4(SYN, fragment=0x00B9)))
    ping = parse_icmp_error(ICMP, error(3, 1, ipv4(SYN, proto=1)))
    other = parse_icmp_error(ICMP, error(3, 1, ipv4(SYN, proto=47)))
    assert [(m.quoted.transport, m.quoted.sport) for m in (later, ping, other) if m and m.quoted] == [("tcp", None), ("icmp", None), ("47", None)]


def test_codes_without_a_name_keep_their_number() -> None:
    assert code_name(ICMP, 3, 99) == "destination unreachable, code 99"
    assert code_name(ICMP, 3, 3) == "port unreachable"


def test_prefixes_of_the_fixed_part_are_truncated() -> None:
    whole = error(3, 3, ipv4(SYN))
    assert all(outcome(lambda data: parse_icmp_error(ICMP, data), whole[:size]) is Truncated for size in range(8))


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=200), mutated(SAMPLES)), st.sampled_from([ICMP, ICMPV6, 0]))
def test_nothing_but_dissect_errors(data: bytes, proto: int) -> None:
    outcome(lambda octets: parse_icmp_error(proto, octets), data)
