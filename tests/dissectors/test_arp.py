from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import DissectError, Truncated
from pcapkit_dissectors.arp import parse_arp, parse_neighbour
from pcapkit_dissectors.messages import Neighbour
from properties import mutated, outcome

MAC = bytes.fromhex("a483e7010203")
TEXT = "a4:83:e7:01:02:03"
TARGET = ip_address("2001:db8::31").packed
ARP = bytes.fromhex("0001 0800 06 04 0001") + MAC + bytes([192, 0, 2, 31]) + bytes(6) + bytes([192, 0, 2, 1])
ADVERTISEMENT = bytes.fromhex("88000000 60000000") + TARGET + b"\2\1" + MAC
SOLICITATION = bytes.fromhex("87000000 00000000") + TARGET + b"\1\1" + MAC
ROUTER = bytes.fromhex("86000000 40000708 00000000 00000000") + b"\5\1\0\0\0\0\5\xdc" + b"\1\1" + MAC


def test_the_sender_of_arp() -> None:
    assert parse_arp(ARP) == Neighbour(TEXT, "192.0.2.31", "arp")
    assert parse_arp(ARP + bytes(18)) == parse_arp(ARP), "padded to the least size of Ethernet"


@pytest.mark.parametrize(
    "data",
    [
        ARP[:14] + bytes(4) + ARP[18:],
        ARP[:8] + bytes(6) + ARP[14:],
        ARP[:8] + b"\xff" * 6 + ARP[14:],
        b"\0\6" + ARP[2:],
        ARP[:7] + b"\3" + ARP[8:],
    ],
    ids=["probe", "no mac", "broadcast", "other hardware", "reverse arp"],
)
def test_what_shows_nothing(data: bytes) -> None:
    assert parse_arp(data) is None


@pytest.mark.parametrize(
    ("data", "address"),
    [
        (ADVERTISEMENT, "2001:db8::31"),
        (SOLICITATION, "fe80::1"),
        (ROUTER, "fe80::1"),
        (bytes.fromhex("85000000 00000000") + b"\1\1" + MAC, "fe80::1"),
    ],
    ids=["advertisement", "solicitation", "router", "router solicitation"],
)
def test_neighbour_discovery(data: bytes, address: str) -> None:
    assert parse_neighbour(data, "fe80::1") == Neighbour(TEXT, address, "nd")


def test_neighbour_discovery_that_shows_nothing() -> None:
    assert parse_neighbour(SOLICITATION[:24], "::") is None, "duplicate address detection"
    assert parse_neighbour(SOLICITATION, "::") is None
    assert parse_neighbour(b"\x80\0\0\0\0\1\0\1", "fe80::1") is None, "echo request"


def test_an_option_of_length_zero_is_refused() -> None:
    with pytest.raises(DissectError, match="zero"):
        parse_neighbour(ADVERTISEMENT[:24] + b"\2\0" + MAC, "fe80::1")


def test_prefixes() -> None:
    assert all(outcome(parse_arp, ARP[:size]) is Truncated for size in range(len(ARP)))
    cut = [size for size in range(len(ROUTER)) if outcome(lambda data: parse_neighbour(data, "fe80::1"), ROUTER[:size]) is not Truncated]
    assert cut == [16, 24], "only where an option ends"


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=100), mutated([ARP, ADVERTISEMENT, SOLICITATION, ROUTER])))
def test_nothing_but_dissect_errors(data: bytes) -> None:
    outcome(parse_arp, data)
    outcome(lambda octets: parse_neighbour(octets, "fe80::1"), data)
