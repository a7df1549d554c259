"""Packets find their conversations: as a plain dictionary would, whatever the hash, the window or the order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talk import ACK, PHONE, PHONE6, RST, SERVER, SERVER6, SYN, Wire

from pcapkit.columns import Decoder
from pcapkit.flows.flows import CLIENT_IS_B, PINNED, FlowTable
from pcapkit.flows.key import Salt

NO_HASH = Salt(bytes(80))
"""All keys have the same hash."""

ends = st.sampled_from([(PHONE, 1), (PHONE, 2), (SERVER, 1), (SERVER, 3), (PHONE6, 1), (SERVER6, 2), ("::a14:1f", 1)])
packets = st.lists(st.tuples(ends, ends, st.booleans()).filter(lambda p: (":" in p[0][0]) == (":" in p[1][0])), min_size=1, max_size=40)


def wire_of(listed):
    wire = Wire()
    for (src, sport), (dst, dport), is_tcp in listed:
        if is_tcp:
            wire.tcp(src, dst, b"x", sport=sport, dport=dport)
        else:
            wire.udp(src, dst, b"x", sport=sport, dport=dport)
    return wire


def numbers_by_dictionary(listed):
    known = {}
    return [known.setdefault((frozenset({a, b}), a == b, is_tcp), len(known)) for a, b, is_tcp in listed]


@settings(max_examples=40, deadline=None)
@given(packets, st.integers(1, 9), st.sampled_from([None, NO_HASH]))
def test_numbers_are_those_of_a_dictionary(listed, size, salt):
    table, found = FlowTable(salt), []
    for part in wire_of(listed).tables(size):
        found += table.update(part).flow.tolist()
    assert found == numbers_by_dictionary(listed)


@settings(max_examples=25, deadline=None)
@given(packets, st.integers(1, 9))
def test_counters_do_not_depend_on_windows(listed, size):
    def counted(size):
        table = FlowTable()
        for part in wire_of(listed).tables(size):
            table.update(part)
        return [(table.rows.row(row), table.rows.sides(row)) for row in range(table.rows.size)]

    assert counted(size) == counted(None)


@pytest.mark.parametrize(
    ("first", "client"),
    [
        ({"src": PHONE, "dst": SERVER, "flags": SYN}, PHONE),
        ({"src": SERVER, "dst": PHONE, "flags": SYN | ACK}, PHONE),
        ({"src": SERVER, "dst": PHONE, "flags": ACK}, PHONE),
        ({"src": SERVER, "dst": PHONE, "flags": SYN}, SERVER),
    ],
    ids=["syn", "syn-ack", "under way, by the ports", "a server that opens"],
)
def test_who_is_the_client(first, client):
    wire = Wire()
    from_phone = first["src"] == PHONE
    wire.tcp(first["src"], first["dst"], sport=50000 if from_phone else 443, dport=443 if from_phone else 50000, flags=first["flags"])
    tracker, _ = wire.track()
    assert tracker.connection(0).client == client


def test_a_used_5_tuple_with_another_initial_number_is_a_new_conversation():
    wire = Wire()
    wire.talk().open().say(0, b"abc").close()
    wire.talk(isn=(70000, 90000)).open().say(0, b"defg").close()
    for size in (1, 3, 5, None):
        tracker, _ = wire.track(size)
        assert [tracker.connection(flow).forward.bytes for flow in (0, 1)] == [3, 4]
        assert tracker.next_flow == 2


def test_a_repeated_syn_is_not():
    wire = Wire()
    talk = wire.talk()
    for _ in range(3):
        talk.send(0, flags=SYN, seq=1000)
    for size in (1, None):
        tracker, _ = wire.track(size)
        assert tracker.next_flow == 1
        assert len(tracker.connection(0).syns) == 3


def test_a_syn_ack_of_a_connection_whose_syn_was_lost_begins_anew_behind_data():
    wire = Wire()
    wire.talk().open().say(1, b"first").close()
    later = wire.talk(isn=(70000, 90000))
    later.seq[0] += 1
    later.send(1, flags=SYN | ACK)
    later.send(1, b"second")
    tracker, _ = wire.track()
    assert [tracker.connection(flow).reverse.bytes for flow in (0, 1)] == [5, 6]


@pytest.mark.parametrize("size", [1, 3, 5, None])
def test_a_port_that_is_used_again_is_one_more_conversation_and_no_more(size):
    wire = Wire()
    for isn in ((1000, 5000), (70_000, 90_000), (3_000_000, 9_000_000)):
        wire.talk(isn=isn).open().say(0, b"ask").say(1, b"answer").close()
    tracker, _ = wire.track(size)
    assert tracker.next_flow == 3
    for flow in range(3):
        c = tracker.connection(flow)
        assert (len(c.syns), len(c.synacks), c.forward.bytes, c.reverse.bytes) == (1, 1, 3, 6)
    assert tracker.foreign_replies() == []


def test_repeated_syn_acks_with_new_numbers_stay_one_conversation():
    """An answer that takes another way is refused, and tried again with a new number each time (docs/domain.md, 5)."""
    wire = Wire()
    for number in (5000, 777_000, 3_000_000_000):
        wire.tcp("10.0.0.10", PHONE, sport=443, dport=50000, flags=SYN | ACK, seq=number, ack=1001)
        wire.tcp(PHONE, "10.0.0.10", sport=50000, dport=443, flags=RST, seq=1001)
    tracker, _ = wire.track()
    assert tracker.next_flow == 1
    assert tracker.connection(0).reverse.missing == 0


def full_of(count):
    wire = Wire()
    for port in range(count):
        wire.talk(sport=10000 + port).open().close()
    return wire


def test_a_full_table_forgets_what_has_ended_first():
    table = FlowTable(max_flows=20)
    decoder = Decoder()
    wire = full_of(30)
    pinned = 3
    open_ = wire.talk(sport=60000, isn=(1, 2)).open()
    for first in range(0, len(wire.packets), 12):
        table.update(decoder.decode(wire.window(first, first + 12)))
        if table.rows.size > pinned:
            table.rows["state"][table.row_of(pinned)] |= PINNED
        if table.crowded:
            kept = table.forget(wire.now)
            assert kept.tolist() == sorted(kept.tolist())
    assert table.rows.size <= 20
    assert table.row_of(pinned) >= 0
    assert table.row_of(0) == -1
    assert table.rows.size + table.forgotten.total() == 31
    open_.say(0, b"more")
    placed = table.update(decoder.decode(wire.window(len(wire.packets) - 1)))
    assert placed.flow.tolist() == [30]
    rows = np.flatnonzero(table.rows["tcp"] >= 0)
    assert table.tcp["row"].tolist() == rows.tolist()


def test_forgetting_keeps_the_facts_of_those_that_stay(monkeypatch):
    wire = full_of(40)
    wire.talk(sport=60000, isn=(1, 2)).open().say(0, b"x" * 10)
    whole, _ = wire.track()
    tracker, _ = wire.track(10)
    monkeypatch.setattr(tracker.flows, "max_flows", 30)
    tracker._forget(wire.now)
    assert tracker.connection(40) == whole.connection(40)
    assert tracker.counts()["tcp_conversations"] == 41
    assert [p.code for p in tracker.problems()] == ["limit-reached"]
    with pytest.raises(KeyError):
        tracker.connection(0)
    assert tracker.find(client=PHONE, port=443) == [n for n in range(41) if n in tracker.flows.rows["number"]]


def test_both_ends_alike_is_one_conversation():
    wire = Wire()
    wire.tcp(PHONE, PHONE, b"x", sport=7, dport=7)
    wire.tcp(PHONE, PHONE, b"y", sport=7, dport=7)
    tracker, _ = wire.track()
    assert tracker.next_flow == 1
    assert tracker.flows.rows["state"][0] & CLIENT_IS_B == 0
