"""Packets that a mirror port shows twice, or that were seen on both sides of a router."""

import pytest
from talk import MS, PHONE, PHONE6, SERVER, SERVER6, Wire

from pcapkit.flows.copies import MIRRORED, ORIGINAL, ROUTED, Copies
from pcapkit.flows.flows import FlowTable


def kinds(wire, size=None):
    flows, copies, found = FlowTable(), Copies(), []
    for table in wire.tables(size):
        placed = flows.update(table)
        found += copies.find(table, placed.flow, placed.direction).tolist()
    return found


def wire_with(second, *, gap_ms=0.01, version=4, between=0, **first):
    src, dst = (PHONE, SERVER) if version == 4 else (PHONE6, SERVER6)
    wire = Wire()
    wire.tcp(src, dst, b"data", seq=1, ident=7, at=0, **first)
    for n in range(between):
        wire.tcp(src, dst, b"data", seq=100 + n, ident=100 + n, at=1000 + n)
    wire.tcp(src, dst, b"data", **{"seq": 1, "ident": 7, "at": int(gap_ms * MS), **second})
    return wire


@pytest.mark.parametrize(
    ("second", "more", "kind"),
    [
        ({}, {}, MIRRORED),
        ({}, {"version": 6}, MIRRORED),
        ({}, {"between": 5}, MIRRORED),
        ({"ttl": 63}, {}, ROUTED),
        ({"ident": 8}, {}, ORIGINAL),
        ({"seq": 2}, {}, ORIGINAL),
        ({"checksum": 5}, {"version": 6}, ORIGINAL),
        ({}, {"gap_ms": 5}, ORIGINAL),
        ({}, {"gap_ms": 4.9}, MIRRORED),
    ],
    ids=["mirrored", "mirrored IPv6", "with packets between", "routed", "new IP id", "new number", "other checksum", "too late", "just in time"],
)
def test_what_is_a_copy(second, more, kind):
    wire = wire_with(second, **more)
    for size in (1, 2, None):
        found = kinds(wire, size)
        assert found[-1] == kind
        assert not any(found[:-1])


def test_three_times_is_two_copies():
    wire = Wire()
    for n in range(3):
        wire.udp(PHONE, SERVER, b"question", ident=9, at=n * 1000)
    assert kinds(wire) == [ORIGINAL, MIRRORED, MIRRORED]


def test_datagrams_with_other_content_are_none():
    wire = Wire()
    wire.udp(PHONE, SERVER, b"question", ident=0, at=0)
    wire.udp(PHONE, SERVER, b"otherone", ident=0, at=1000)
    wire.packets[1].data = wire.packets[1].data[:40] + b"\x12\x34" + wire.packets[1].data[42:]  # the checksum tells
    assert kinds(wire) == [ORIGINAL, ORIGINAL]
