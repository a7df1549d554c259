from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import Context, Event, Malformed, Stamp
from pcapkit_dissectors.messages import Alert, Certificate, ChangeCipherSpec, ClientHello, Encrypted, HandshakeMessage, ServerHello
from pcapkit_dissectors.tls_handshake import HELLO_RETRY_RANDOM
from pcapkit_dissectors.tls_record import DISSECTOR, MESSAGES, TOLD, recognise
from properties import messages, mutated, run, segments
from tls_bytes import (
    CHANGE,
    ISSUER,
    LEAF,
    TLS13_CLIENT,
    TLS13_SERVER,
    certificate,
    client_hello,
    handshake,
    hello_record,
    record,
    server_hello,
    vector,
)

HELLO = hello_record(client_hello(), version=0x0301)
FLIGHT = hello_record(server_hello(), certificate(), handshake(12, b"k" * 300), handshake(14, b""))
KEY = hello_record(handshake(16, b"e" * 66))
FINISHED = record(22, b"\0" * 8 + b"f" * 32)
REQUEST = record(23, b"\0" * 8 + b"r" * 200)
SSLV2 = bytes.fromhex("802b 01 0301 0012 0000 0010 00002f 000035 000005 010080 020080 030080") + bytes(range(16))
SESSION = [(0, HELLO), (1, FLIGHT), (0, KEY + CHANGE + FINISHED), (1, CHANGE + FINISHED), (0, REQUEST), (1, REQUEST)]


def kinds(events: list[Event]) -> list[str]:
    return [e.message.TYPE for e in events]


def short(events: list[Event]) -> list[object]:
    """Messages, with the numbers that tell them."""
    out: list[object] = []
    for e in events:
        m = e.message
        match m:
            case HandshakeMessage():
                out.append(m.msg_type)
            case Alert():
                out.append((m.level, m.description))
            case Encrypted():
                out.append((m.content_type, m.length))
            case _:
                out.append(m.TYPE.removeprefix("tls."))
    return out


# ---------------------------------------------------------------- whole conversations


def test_a_session_of_tls12() -> None:
    events = run(DISSECTOR, SESSION)
    assert short(events) == ["client_hello", "server_hello", "certificate", 12, 14, 16, "ccs", (22, 40), "ccs", (22, 40), (23, 208), (23, 208)]
    assert [e.direction for e in events] == [0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 1]
    assert all(e.complete and not e.decrypted for e in events)


def test_a_session_of_tls13_with_a_cipher_change_that_means_nothing() -> None:
    retry = server_hello(cipher=0x1301, extensions=TLS13_SERVER, random=HELLO_RETRY_RANDOM)
    first, second = hello_record(client_hello(extensions=TLS13_CLIENT)), hello_record(client_hello(extensions=TLS13_CLIENT))
    flight = hello_record(server_hello(cipher=0x1301, extensions=TLS13_SERVER)) + record(23, b"c" * 900)
    events = run(DISSECTOR, [(0, first), (1, hello_record(retry) + CHANGE), (0, CHANGE + second), (1, flight), (0, record(23, b"f" * 53))])
    assert short(events) == ["client_hello", "server_hello", "ccs", "ccs", "client_hello", "server_hello", (23, 900), (23, 53)]
    assert [e.message.hello_retry for e in events if isinstance(e.message, ServerHello)] == [True, False]


def test_without_keys_reading_ends_when_both_sides_sent_data() -> None:
    conversation = DISSECTOR.start(Context())
    for frame, (direction, data) in enumerate(SESSION, 1):
        assert not conversation.done
        list(conversation.feed(direction, data, Stamp(frame, frame)))
    assert conversation.done
    assert list(conversation.feed(0, HELLO, Stamp(9, 9))) == []


def test_one_direction_alone_is_enough() -> None:
    server = [data for direction, data in SESSION if direction] + [REQUEST] * TOLD
    events = run(DISSECTOR, [(1, data) for data in server])
    assert kinds(events)[:2] == ["tls.server_hello", "tls.certificate"]
    conversation = DISSECTOR.start(Context())
    for data in server:
        list(conversation.feed(1, data, Stamp(1, 1)))
    assert conversation.done


def test_only_the_first_protected_records_are_told() -> None:
    events = run(DISSECTOR, [(0, HELLO), (0, REQUEST * 50)])
    assert short(events)[1:] == [(23, 208)] * TOLD


def test_a_tls13_client_is_followed_past_its_finished() -> None:
    """Finished, then an alert in the shape of data: both lengths are what tells a refusal."""
    flow = [
        (0, hello_record(client_hello(extensions=TLS13_CLIENT))),
        (1, hello_record(server_hello(extensions=TLS13_SERVER)) + record(23, b"x" * 900)),
    ]
    events = run(DISSECTOR, [*flow, (0, CHANGE + record(23, b"f" * 69)), (0, record(23, b"a" * 19))], full=False)
    assert short(events)[-2:] == [(23, 69), (23, 19)]


# ---------------------------------------------------------------- frames


def test_frames_are_those_that_carried_a_part() -> None:
    data = HELLO + hello_record(handshake(16, b"e" * 66))
    pieces = [data[:3], data[3:50], data[50:-1], data[-1:]]
    hello, key = run(DISSECTOR, [(0, piece) for piece in pieces])
    assert (hello.frames, hello.time_ns) == ((2, 3), 3 * 10**9)
    assert key.frames == (3, 4)


def test_a_message_is_complete_before_its_record_is() -> None:
    """The server hello stands whole in the first segment, though the record goes on for two more."""
    cut = len(hello_record(server_hello()))
    events = run(DISSECTOR, [(1, FLIGHT[: cut + 40]), (1, FLIGHT[cut + 40 : -3]), (1, FLIGHT[-3:])])
    assert [(e.message.TYPE, e.frames) for e in events] == [
        ("tls.server_hello", (1,)),
        ("tls.certificate", (1, 2)),
        ("tls.handshake", (2,)),
        ("tls.handshake", (2, 3)),
    ]


def test_segments_out_of_order_complete_a_message_with_the_later_frame() -> None:
    conversation = DISSECTOR.start(Context())
    assert list(conversation.feed(0, HELLO[:60], Stamp(7, 70))) == []
    (event,) = conversation.feed(0, HELLO[60:], Stamp(5, 50))
    assert (event.frames, event.time_ns, event.frame) == ((5, 7), 70, 7)


# ---------------------------------------------------------------- records and messages of any size


def test_messages_over_many_records() -> None:
    inside = server_hello() + certificate()
    tiny = b"".join(record(22, inside[at : at + 7]) for at in range(0, len(inside), 7))
    assert messages(run(DISSECTOR, [(1, tiny)])) == messages(run(DISSECTOR, [(1, record(22, inside))]))


def test_a_message_over_the_limit_is_skipped_and_what_follows_is_read() -> None:
    huge = handshake(11, bytes(300_000))
    records = b"".join(record(22, huge[at : at + 16000]) for at in range(0, len(huge), 16000))
    events = run(DISSECTOR, [(1, hello_record(server_hello()) + records + hello_record(handshake(14, b"")))])
    assert kinds(events) == ["tls.server_hello", "malformed", "tls.handshake"]
    assert isinstance(events[1].message, Malformed)
    assert "over the limit" in events[1].message.reason


def test_a_flood_of_messages_ends() -> None:
    assert len(run(DISSECTOR, [(0, hello_record(*[handshake(0, b"")] * 4000)) for _ in range(5)])) <= 4001
    assert len(run(DISSECTOR, [(0, record(21, b"\1\0")) for _ in range(5000)])) <= MESSAGES + 1
    flood = [(0, HELLO), *[(0, record(22, b"\1\0\0\4abcd")) for _ in range(5000)]]
    assert len(run(DISSECTOR, flood)) <= 2 * MESSAGES


def test_ssl_2_hello_then_ssl_3() -> None:
    events = run(DISSECTOR, [(0, SSLV2), (1, hello_record(server_hello(version=0x0300), version=0x0300))])
    assert kinds(events) == ["tls.client_hello", "tls.server_hello"]
    assert isinstance(events[0].message, ClientHello)
    assert events[0].message.legacy_version == 0x0301


# ---------------------------------------------------------------- alerts


def test_alerts_in_clear_and_protected() -> None:
    assert short(run(DISSECTOR, [(0, HELLO), (1, record(21, b"\2\x28"))]))[1] == (2, 40)
    protected = run(DISSECTOR, [(0, HELLO + CHANGE + FINISHED + record(21, b"x" * 26))])
    assert short(protected)[-1] == (21, 26)
    plain_after_change = run(DISSECTOR, [(0, HELLO + CHANGE + record(21, b"\2\x30"))])  # OpenSSL in TLS 1.3
    assert short(plain_after_change)[-1] == (2, 48)


def test_an_alert_of_an_impossible_level_is_malformed() -> None:
    (_, event) = run(DISSECTOR, [(0, HELLO), (1, record(21, b"\7\x28"))])
    assert isinstance(event.message, Malformed)
    assert not event.message.cut


# ---------------------------------------------------------------- gaps and cuts


def test_a_gap_in_a_certificate_keeps_its_place() -> None:
    at = FLIGHT.index(ISSUER) + 50
    events = run(DISSECTOR, [(0, HELLO), (1, FLIGHT[:at]), (1, 200), (1, FLIGHT[at + 200 :])])
    assert short(events) == ["client_hello", "server_hello", "certificate", 12, 14]
    chain = events[2]
    assert isinstance(chain.message, Certificate)
    assert (chain.message.raw_der, chain.complete) == ((LEAF,), False)
    assert all(e.complete for e in events[3:])


def test_a_gap_over_records_ends_at_the_next_record_on_a_segment_start() -> None:
    flow: list[tuple[int, bytes | int]] = [(0, HELLO), (1, FLIGHT[:150]), (1, 5000), (1, b"tail of a record"), (1, CHANGE + FINISHED)]
    events = run(DISSECTOR, flow)
    assert short(events) == ["client_hello", "server_hello", 11, "ccs", (22, 40)]
    assert not events[2].complete
    assert not [e for e in events if isinstance(e.message, Malformed)]


def test_a_lost_cipher_change_does_not_make_protected_bytes_a_message() -> None:
    events = run(DISSECTOR, [(0, HELLO), (0, 81), (0, FINISHED + REQUEST)])
    assert short(events) == ["client_hello", (22, 40), (23, 208)]


def test_what_was_begun_is_given_at_the_end() -> None:
    (event,) = run(DISSECTOR, [(0, HELLO[:-5])])
    assert isinstance(event.message, ClientHello)
    assert (event.message.sni, event.message.ja4, event.complete) == ("lyncdiscover.contoso.com", "", False)
    events = run(DISSECTOR, [(0, HELLO), (0, CHANGE + FINISHED[:20])])
    assert (short(events)[-1], events[-1].complete) == ((22, 40), False)


def test_a_capture_that_starts_amid_a_conversation() -> None:
    events = run(DISSECTOR, [(0, FINISHED), (1, b"rest of something" + REQUEST), (1, REQUEST)])
    assert short(events) == [(22, 40), "malformed", (23, 208)]
    assert isinstance(events[1].message, Malformed)
    assert events[1].message.cut


def test_clear_text_in_answer_to_a_hello_is_the_senders() -> None:
    for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"<!DOCTYPE html>", b"220 mail.example.com ESMTP\r\n"):
        (_, event) = run(DISSECTOR, [(0, HELLO), (1, answer)])
        assert isinstance(event.message, Malformed)
        assert event.message.reason.startswith("text in clear")
        assert not event.message.cut


def test_garbage_after_records_is_malformed_once_and_passed_over() -> None:
    events = run(DISSECTOR, [(0, HELLO), (0, b"\xff" * 40), (0, b"\xff" * 40), (0, KEY)])
    assert kinds(events) == ["tls.client_hello", "malformed", "tls.handshake"]


def test_another_record_amid_a_message_is_malformed() -> None:
    events = run(DISSECTOR, [(0, record(22, client_hello()[:60])), (0, record(21, b"\2\x0a"))])
    assert short(events) == ["client_hello", "malformed", (2, 10)]
    assert not events[0].complete


# ---------------------------------------------------------------- chunkings, prefixes, mutations

CLIENT = b"".join(data for direction, data in SESSION if direction == 0)
SERVER = b"".join(data for direction, data in SESSION if direction == 1)


def told(events: list[Event]) -> list[tuple[object, bool]]:
    return [(e.message, e.complete) for e in events]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5000), max_size=12), st.sampled_from([CLIENT, SERVER, SSLV2 + KEY]))
def test_chunking_does_not_matter(cuts: list[int], data: bytes) -> None:
    assert told(run(DISSECTOR, [(0, piece) for piece in segments(data, cuts)])) == told(run(DISSECTOR, [(0, data)]))


@pytest.mark.parametrize("data", [CLIENT, SERVER[:1200], SSLV2], ids=["client", "server", "sslv2"])
def test_byte_by_byte_is_the_same(data: bytes) -> None:
    assert told(run(DISSECTOR, [(0, data[at : at + 1]) for at in range(len(data))])) == told(run(DISSECTOR, [(0, data)]))


def test_every_prefix_gives_the_events_before_its_cut() -> None:
    whole = told(run(DISSECTOR, [(1, SERVER)]))
    for size in range(len(SERVER)):
        events = run(DISSECTOR, [(1, SERVER[:size])])
        done = list(itertools.takewhile(lambda e: e.complete, events))
        assert told(done) == whole[: len(done)]
        assert len(events) - len(done) <= 1
        assert not [e for e in events if isinstance(e.message, Malformed)]


@settings(max_examples=120, deadline=None)
@given(mutated([CLIENT, SERVER, SSLV2 + KEY]), st.lists(st.integers(0, 3000), max_size=6), st.integers(0, 900))
def test_mutations_and_gaps_raise_nothing(data: bytes, cuts: list[int], gap: int) -> None:
    flow: list[tuple[int, bytes | int]] = []
    for number, piece in enumerate(segments(data, cuts)):
        flow += [(number % 2, piece), (number % 2, gap)] if gap else [(number % 2, piece)]
    for event in run(DISSECTOR, flow):
        assert event.frames == tuple(sorted(set(event.frames)))
        assert event.frames


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=4096))
def test_any_bytes_raise_nothing(data: bytes) -> None:
    run(DISSECTOR, [(0, data), (1, 40), (1, data), (0, data)])
    assert 0.0 <= recognise(data) <= 1.0


# ---------------------------------------------------------------- recognise


@pytest.mark.parametrize(
    ("data", "score"),
    [
        (HELLO, 1.0),
        (HELLO[:11], 1.0),
        (FLIGHT, 1.0),
        (SSLV2, 0.9),
        (KEY, 0.9),
        (CHANGE, 0.8),
        (record(21, b"\2\x28"), 0.7),
        (FINISHED, 0.5),
        (REQUEST, 0.6),
        (REQUEST[:40], 0.6),
    ],
)
def test_records_are_recognised(data: bytes, score: float) -> None:
    assert recognise(data) == score


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16",
        b"\x16\x03\x01",
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\xff\xff\1\0",
        b"\x16\x03\x09\0\x40\1\0\0\x3c",
        REQUEST + b"not a record",
        b"\x80\x2b\1\3\1" + b"\xff" * 40,
        record(20, b"\2"),
        record(21, b"\7\7"),
        record(22, b"\xff" * 600),
        vector(2, bytes(60)),
    ],
)
def test_other_bytes_are_not(data: bytes) -> None:
    assert recognise(data) == 0.0


def test_a_cipher_change_is_an_event() -> None:
    (event,) = run(DISSECTOR, [(1, CHANGE)])
    assert event.message == ChangeCipherSpec()
