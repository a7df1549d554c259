from __future__ import annotations

import gzip
import hashlib

import pytest
from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import Event, Malformed, Stamp
from pcapkit_dissectors._limits import HTTP_PENDING, MAX_PROBLEMS_PER_FLOW
from pcapkit_dissectors.http2 import DISSECTOR, recognise
from pcapkit_dissectors.http2_frames import PREFACE, Frame, Frames
from pcapkit_dissectors.messages import Http2Request, Http2Response
from properties import mutated, run, segments

SETTINGS = bytes.fromhex("000006040000000000 000300000064")
ACK = bytes.fromhex("000000040100000000")
BODY = b'{"Protocol":"ActiveSync","Url":"https://mail.example.com/Microsoft-Server-ActiveSync"}'
PATH = "/autodiscover/autodiscover.json/v1.0/anna@example.com?Protocol=ActiveSync"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Peer:
    """One side, with its own compression state."""

    def __init__(self) -> None:
        self.encoder = Encoder()

    def block(self, **fields: str) -> bytes:
        named = [(":" + k[1:] if k[0] == "_" else k.replace("_", "-"), v) for k, v in fields.items()]
        return bytes(self.encoder.encode(named))

    def headers(self, stream: int, flags: int = 5, **fields: str) -> bytes:
        return frame(1, flags, stream, self.block(**fields))

    def get(self, stream: int, path: str = PATH, **more: str) -> bytes:
        return self.headers(stream, _method="GET", _scheme="https", _authority="autodiscover.example.com", _path=path, user_agent="phone/1", **more)

    def answer(self, stream: int, status: str = "200", body: bytes = BODY, **more: str) -> bytes:
        head = self.headers(stream, 4, _status=status, content_type="application/json", server="Microsoft-IIS/10.0", **more)
        return head + frame(0, 1, stream, body)


def told(events: list[Event]) -> list[object]:
    out: list[object] = []
    for e in events:
        m = e.message
        if isinstance(m, Http2Request):
            out.append((m.stream_id, m.method, m.uri))
        elif isinstance(m, Http2Response):
            out.append((m.stream_id, m.status, m.body_len))
        elif isinstance(m, Malformed):
            out.append(m.reason)
    return out


def exchange() -> list[tuple[int, bytes]]:
    client, server = Peer(), Peer()
    return [(0, PREFACE + SETTINGS), (1, SETTINGS + ACK), (0, ACK + client.get(1)), (1, server.answer(1))]


def test_a_request_and_its_response() -> None:
    request, response = run(DISSECTOR, exchange())
    assert isinstance(request.message, Http2Request)
    assert isinstance(response.message, Http2Response)
    m = request.message
    assert (m.TYPE, m.method, m.uri, m.host, m.version, m.user_agent, m.stream_id) == (
        "http2.request", "GET", PATH, "autodiscover.example.com", "HTTP/2", "phone/1", 1,
    )  # fmt: skip
    r = response.message
    assert (r.TYPE, r.status, r.content_type, r.server, r.request_frame, r.stream_id) == (
        "http2.response", 200, "application/json", "Microsoft-IIS/10.0", 3, 1,
    )  # fmt: skip
    assert (r.body_len, r.body_sha256, r.raw_body) == (len(BODY), hashlib.sha256(BODY).hexdigest(), BODY)
    assert (request.frames, response.frames) == ((3,), (4,))


def test_streams_are_told_apart_and_end_in_any_order() -> None:
    client, server = Peer(), Peer()
    two = server.headers(3, 4, _status="200", content_type="application/json")
    flow = [
        (0, PREFACE + client.get(1) + client.get(3, "/b")),
        (1, two + frame(0, 0, 3, BODY[:10])),
        (1, server.answer(1, "401", b"")),
        (1, frame(0, 1, 3, BODY[10:])),
    ]
    events = run(DISSECTOR, flow)
    assert told(events) == [(1, "GET", PATH), (3, "GET", "/b"), (1, 401, 0), (3, 200, len(BODY))]
    assert events[-1].frames == (2, 4)


def test_bodies_are_decoded_and_kept_for_discovery() -> None:
    client, server = Peer(), Peer()
    packed = gzip.compress(BODY)
    post = client.headers(1, 4, _method="POST", _path=PATH, _authority="a.example.com", content_type="text/xml", content_length="4")
    flow = [(0, PREFACE + post + frame(0, 1, 1, b"<a/>")), (1, server.answer(1, body=packed, content_encoding="gzip"))]
    request, response = (e.message for e in run(DISSECTOR, flow))
    assert isinstance(request, Http2Request)
    assert isinstance(response, Http2Response)
    assert (request.raw_body, request.content_length) == (b"<a/>", 4)
    assert response.raw_body == BODY


def test_header_fields_over_several_frames_with_padding_and_priority() -> None:
    client = Peer()
    block = client.block(_method="GET", _path=PATH, _authority="a.example.com")
    begin = frame(1, 0x29, 1, b"\4" + b"\0\0\0\0\x10" + block[:5] + bytes(4))
    flow = [(0, PREFACE + begin), (0, frame(9, 0, 1, block[5:9])), (0, frame(9, 4, 1, block[9:]))]
    (event,) = run(DISSECTOR, flow)
    assert told([event]) == [(1, "GET", PATH)]
    assert event.frames == (1, 2, 3)


def test_padded_data() -> None:
    client, server = Peer(), Peer()
    head = server.headers(1, 4, _status="200")
    flow = [(0, PREFACE + client.get(1)), (1, head + frame(0, 9, 1, b"\3" + BODY + bytes(3)))]
    assert told(run(DISSECTOR, flow))[1] == (1, 200, len(BODY))


def test_interim_responses_trailers_and_pushes() -> None:
    client, server = Peer(), Peer()
    promise = frame(5, 4, 1, (2).to_bytes(4, "big") + server.block(_method="GET", _path="/pushed", _authority="a.example.com"))
    early = server.headers(1, 4, _status="103", link="</a>")
    head = server.headers(1, 4, _status="200")
    trailer = server.headers(1, 5, grpc_status="0")
    flow = [(0, PREFACE + client.get(1)), (1, promise + early + head + frame(0, 0, 1, BODY) + trailer), (1, server.answer(2, body=b"x"))]
    events = run(DISSECTOR, flow)
    assert told(events) == [(1, "GET", PATH), (2, "GET", "/pushed"), (1, 103, 0), (1, 200, len(BODY)), (2, 200, 1)]
    assert events[1].direction == 1


def test_a_reset_stream_is_told_as_it_is() -> None:
    client, server = Peer(), Peer()
    flow = [(0, PREFACE + client.get(1)), (1, server.headers(1, 4, _status="200") + frame(0, 0, 1, BODY)), (0, frame(3, 0, 1, b"\0\0\0\x08"))]
    response = run(DISSECTOR, flow)[-1].message
    assert isinstance(response, Http2Response)
    assert response.body_note == "the stream was reset"


def test_what_was_begun_is_given_at_the_end() -> None:
    client, server = Peer(), Peer()
    flow = [(0, PREFACE + client.get(1)), (1, server.headers(1, 4, _status="200") + frame(0, 0, 1, BODY)[:40])]
    request, response = run(DISSECTOR, flow)
    assert (request.complete, response.complete) == (True, False)
    assert told([response]) == [(1, 200, 31)]


# ---------------------------------------------------------------- late starts and gaps


def test_a_late_start_tells_what_it_can() -> None:
    client, server = Peer(), Peer()
    client.get(1, extra="known")
    server.answer(1)
    conversation = [(0, client.get(3)), (1, server.answer(3)), (0, client.get(5, "/new")), (1, server.answer(5, "503"))]
    events = run(DISSECTOR, [(0, 500), (1, 500), *conversation])
    assert [e.complete for e in events] == [False, False, False, False]
    # The server's fields are in its table, which was not seen; the status and the new path stand in the block itself.
    assert told(events) == [(3, "GET", ""), (3, 200, len(BODY)), (5, "GET", "/new"), (5, 503, len(BODY))]


def test_a_table_that_fills_again_is_used() -> None:
    client = Peer()
    client.get(1)
    flow: list[tuple[int, bytes | int]] = [(0, 300), (0, client.get(3, "/new", x_id="one")), (0, client.get(5, "/new", x_id="one"))]
    events = run(DISSECTOR, flow)
    last = events[-1].message
    assert isinstance(last, Http2Request)
    assert last.uri == "/new"
    assert ("x-id", "one") in last.raw_headers


def test_an_unknown_status_or_method_is_left_empty() -> None:
    client, server = Peer(), Peer()
    client.headers(1, _method="REPORT", _path="/a")
    server.headers(1, _status="418")
    flow: list[tuple[int, bytes | int]] = [
        (0, 99),
        (1, 99),
        (0, client.headers(3, _method="REPORT", _path="/a")),
        (1, server.headers(3, _status="418")),
    ]
    events = run(DISSECTOR, flow)
    assert told(events) == [(3, "", ""), (3, 0, 0)]
    assert not any(e.complete for e in events)


def test_a_gap_within_data_keeps_the_frames() -> None:
    client, server = Peer(), Peer()
    answer = server.answer(1)
    flow: list[tuple[int, bytes | int]] = [
        (0, PREFACE + client.get(1)), (1, answer[:-50]), (1, 30), (1, answer[-20:]), (0, client.get(3)), (1, server.answer(3)),
    ]  # fmt: skip
    events = run(DISSECTOR, flow)
    assert told(events) == [(1, "GET", PATH), (1, 200, len(BODY) - 30), (3, "GET", PATH), (3, 200, len(BODY))]
    assert [e.complete for e in events] == [True, False, True, True]


def test_after_a_gap_reading_goes_on_at_a_segment_that_begins_with_a_frame() -> None:
    client, server = Peer(), Peer()
    flow: list[tuple[int, bytes | int]] = [
        (0, PREFACE + client.get(1)), (1, server.answer(1)[:-30]), (1, 4000), (1, b"the rest of something"), (0, client.get(3)), (1, server.answer(3)),
    ]  # fmt: skip
    events = run(DISSECTOR, flow)
    assert [(m[0], m[1]) for m in told(events)] == [(1, "GET"), (1, 200), (3, "GET"), (3, 200)]  # type: ignore[index]
    assert not [e for e in events if isinstance(e.message, Malformed)]


# ---------------------------------------------------------------- hostile bytes


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (PREFACE + frame(1, 4, 0, b"\x82"), "no frame of HTTP/2"),
        (PREFACE + b"GET / HTTP/1.1\r\n\r\n", "no frame of HTTP/2"),
        (PREFACE[:10] + b"something else", "no frame of HTTP/2"),
        (PREFACE + frame(1, 4, 1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "header fields: "),
        (PREFACE + frame(1, 4, 1, b"\xbe"), "header fields: "),
        (PREFACE + frame(1, 0, 1, b"\x82") + frame(0, 0, 1, b""), "another frame stands amid header fields"),
        (PREFACE + frame(1, 0, 1, b"\x82") + frame(9, 0, 3, b""), "another frame stands amid header fields"),
        (PREFACE + frame(1, 0, 1, bytes(60_000)) + frame(9, 0, 1, bytes(60_000)), "header fields over the limit"),
        (PREFACE + frame(1, 4, 1, bytes(70_000)), "header fields over the limit"),
    ],
)
def test_what_cannot_be_is_malformed(data: bytes, reason: str) -> None:
    found = [e.message.reason for e in run(DISSECTOR, [(0, data)]) if isinstance(e.message, Malformed)]
    assert len(found) == 1
    assert found[0].startswith(reason)


def test_a_header_bomb_is_refused() -> None:
    """One large entry in the table, named a thousand times."""
    block = b"\x40\1x" + b"\x7f\x81\x1e" + b"v" * 4096 + b"\xbe" * 4000
    (event, _) = run(DISSECTOR, [(0, PREFACE + frame(1, 5, 1, block))])
    assert isinstance(event.message, Malformed)


def test_floods_end() -> None:
    client = Peer()
    garbage = [(0, PREFACE)] + [(0, frame(1, 4, 1, b"\x82") + b"\xff" * 40) for _ in range(300)]
    assert len([e for e in run(DISSECTOR, garbage) if isinstance(e.message, Malformed)]) <= MAX_PROBLEMS_PER_FLOW
    flow = [(0, PREFACE)] + [(0, client.headers(2 * n + 1, 4, _method="POST", _path="/")) for n in range(HTTP_PENDING + 50)]
    assert len(run(DISSECTOR, flow)) == HTTP_PENDING


def test_unknown_kinds_of_frames_are_passed_over() -> None:
    client = Peer()
    (event,) = run(DISSECTOR, [(0, PREFACE + frame(0x10, 0, 0, b"priority update") + frame(0xFA, 0xFF, 7, bytes(10_000)) + client.get(1))])
    assert told([event]) == [(1, "GET", PATH)]


CLIENT = b"".join(data for way, data in exchange() if way == 0)
SERVER = b"".join(data for way, data in exchange() if way == 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=10))
def test_chunking_does_not_matter(cuts: list[int]) -> None:
    whole = run(DISSECTOR, [(0, CLIENT), (1, SERVER)])
    parts = run(DISSECTOR, [(0, piece) for piece in segments(CLIENT, cuts)] + [(1, piece) for piece in segments(SERVER, cuts)])
    assert told(parts) == told(whole)


@settings(max_examples=120, deadline=None)
@given(mutated([CLIENT, SERVER]), st.lists(st.integers(0, 300), max_size=5), st.integers(0, 60))
def test_mutations_and_gaps_raise_nothing(data: bytes, cuts: list[int], gap: int) -> None:
    flow: list[tuple[int, bytes | int]] = []
    for number, piece in enumerate(segments(data, cuts)):
        flow += [(number % 2, piece), (number % 2, gap)] if gap else [(0, piece)]
    for event in run(DISSECTOR, flow):
        assert event.frames == tuple(sorted(set(event.frames)))


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=2048))
def test_any_bytes_raise_nothing(data: bytes) -> None:
    run(DISSECTOR, [(0, data), (1, data), (1, 9), (1, data)])
    assert 0.0 <= recognise(data) <= 1.0


def test_every_prefix_gives_the_events_before_its_cut() -> None:
    for size in range(len(CLIENT)):
        events = run(DISSECTOR, [(0, CLIENT[:size])])
        assert not [e for e in events if isinstance(e.message, Malformed)]
        assert len(events) == 0


def test_frames_alone() -> None:
    frames = Frames()
    out = [f for piece in segments(PREFACE + SETTINGS + frame(0, 1, 1, b"abc"), range(0, 60, 7)) for f in frames.feed(piece, Stamp(1, 1))]
    assert frames.client
    assert b"".join(f.payload for f in out if isinstance(f, Frame) and f.kind == 0) == b"abc"
    assert isinstance(out[-1], Frame)
    assert out[-1].ends


@pytest.mark.parametrize(
    ("data", "score"),
    [
        (PREFACE, 1.0),
        (PREFACE[:12], 0.9),
        (PREFACE[:4], 0.3),
        (SETTINGS, 0.6),
        (SETTINGS + ACK, 0.6),
        (b"", 0.0),
        (b"GET / HTTP/1.1\r\n", 0.0),
        (ACK, 0.0),
        (SETTINGS + b"something else", 0.0),
        (bytes(40), 0.0),
    ],
)
def test_recognise(data: bytes, score: float) -> None:
    assert recognise(data) == score


@pytest.mark.parametrize(("first", "told_in_brief"), [("/1.css", 8), (PATH, 20)])
def test_without_interest_the_conversation_is_left_early(first: str, told_in_brief: int) -> None:
    client, server = Peer(), Peer()
    flow = [(0, PREFACE)]
    for stream in range(1, 21, 2):
        path = first if stream == 1 else f"/{stream}.css"
        flow += [
            (0, client.headers(stream, _method="GET", _path=path, _authority="www.example.com")),
            (1, server.headers(stream, 4, _status="200", content_type="text/css") + frame(0, 1, stream, b"a{}")),
        ]
    assert len(run(DISSECTOR, flow, full=False)) == told_in_brief
    assert len(run(DISSECTOR, flow)) == 20
