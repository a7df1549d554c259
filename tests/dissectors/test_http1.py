from __future__ import annotations

import gzip
import hashlib
from typing import Any

import h11
import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import Context, Event, Handover, Malformed, Stamp
from pcapkit_dissectors._limits import HTTP_HEADER_BYTES, MAX_PROBLEMS_PER_FLOW
from pcapkit_dissectors.http1 import DISSECTOR
from pcapkit_dissectors.messages import HttpRequest, HttpResponse
from properties import messages, mutated, run, segments

ASK = b"GET /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: autodiscover.example.com\r\nUser-Agent: Apple-iPhone13C2/1901.346\r\n\r\n"
BODY = b"<Autodiscover/>"
ZIPPED = gzip.compress(BODY, mtime=0)
SHA = hashlib.sha256(BODY).hexdigest()
GIVE = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nServer: Microsoft-IIS/8.5\r\nContent-Length: 15\r\n\r\n" + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\n<Auto\r\nA\r\ndiscover/>\r\n000\r\nX-Trailer: 1\r\n\r\n"
)
POST = b"POST /mcx/McxService.svc HTTP/1.1\r\nHost: webext.example.com\r\nContent-Length: 5\r\n\r\nhello"


def response(status: str, *fields: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode() + body


def requests(events: list[Event]) -> list[HttpRequest]:
    return [m for m in messages(events) if isinstance(m, HttpRequest)]


def responses(events: list[Event]) -> list[HttpResponse]:
    return [m for m in messages(events) if isinstance(m, HttpResponse)]


# ---------------------------------------------------------------- golden messages


def test_an_exchange() -> None:
    events = run(DISSECTOR, [(0, ASK), (1, GIVE)])
    assert messages(events) == [
        HttpRequest(
            method="GET",
            uri="/autodiscover/autodiscover.xml",
            version="HTTP/1.1",
            host="autodiscover.example.com",
            user_agent="Apple-iPhone13C2/1901.346",
            content_type=None,
            content_length=None,
            body_len=0,
            raw_headers=(("Host", "autodiscover.example.com"), ("User-Agent", "Apple-iPhone13C2/1901.346")),
        ),
        HttpResponse(
            status=200,
            reason="OK",
            version="HTTP/1.1",
            content_type="text/xml; charset=utf-8",
            location=None,
            server="Microsoft-IIS/8.5",
            www_authenticate=(),
            content_length=15,
            body_len=15,
            body_sha256=SHA,
            request_frame=1,
            raw_headers=(("Content-Type", "text/xml; charset=utf-8"), ("Server", "Microsoft-IIS/8.5"), ("Content-Length", "15")),
            raw_body=BODY,
        ),
    ]
    assert [(e.direction, e.frames, e.complete) for e in events] == [(0, (1,), True), (1, (2,), True)]


def test_challenges_are_listed_one_by_one() -> None:
    answer = response("401 Unauthorized", "WWW-Authenticate: Negotiate", "www-authenticate: NTLM", "Content-Length: 0")
    (message,) = responses(run(DISSECTOR, [(0, ASK), (1, answer)]))
    assert (message.www_authenticate, message.body_len, message.content_length) == (("Negotiate", "NTLM"), 0, 0)


@pytest.mark.parametrize(
    ("answer", "length", "sha"),
    [
        (CHUNKED, 15, SHA),
        (
            response("200 OK", "Content-Encoding: gzip", f"Content-Length: {len(ZIPPED)}", body=ZIPPED),
            15,
            SHA,
        ),
        (response("200 OK", "Connection: close", body=BODY), 15, SHA),
        (response("204 No Content", "Content-Length: 15"), 0, None),
        (response("304 Not Modified", "Content-Length: 15"), 0, None),
    ],
    ids=["chunked", "gzip", "until close", "204", "304"],
)
def test_where_bodies_end(answer: bytes, length: int, sha: str | None) -> None:
    events = run(DISSECTOR, [(0, ASK), (1, answer)])
    (message,) = responses(events)
    assert (message.body_len, message.body_sha256, events[-1].complete) == (length, sha, True)


def test_the_answer_to_head_has_no_body() -> None:
    events = run(DISSECTOR, [(0, ASK.replace(b"GET", b"HEAD") + ASK), (1, response("200 OK", "Content-Length: 15") + GIVE)])
    assert [m.body_len for m in responses(events)] == [0, 15]


def test_pipelined_requests_and_their_answers() -> None:
    second = ASK.replace(b"autodiscover.xml", b"second")
    events = run(DISSECTOR, [(0, ASK + second), (0, ASK), (1, GIVE + CHUNKED + GIVE[:20]), (1, GIVE[20:])])
    assert [(m.uri[-6:], e.frames) for e in events if isinstance(m := e.message, HttpRequest)] == [
        ("er.xml", (1,)),
        ("second", (1,)),
        ("er.xml", (2,)),
    ]
    assert [(m.request_frame, e.frames) for e in events if isinstance(m := e.message, HttpResponse)] == [(1, (3,)), (1, (3,)), (2, (3, 4))]


def test_interim_responses_leave_the_request_waiting() -> None:
    asked = POST[:-5].replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    events = run(DISSECTOR, [(0, asked), (1, response("100 Continue")), (0, b"hello"), (1, response("102 Processing") + GIVE)])
    assert [(type(m).__name__, getattr(m, "status", None)) for m in messages(events)] == [
        ("HttpResponse", 100), ("HttpRequest", None), ("HttpResponse", 102), ("HttpResponse", 200),
    ]  # fmt: skip
    assert [m.request_frame for m in responses(events)] == [1, 3, 3]
    assert requests(events)[0].body_len == 5


def test_a_body_that_a_refused_client_never_sends() -> None:
    asked = POST[:-5].replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    events = run(DISSECTOR, [(0, asked), (1, response("401 Unauthorized", "Content-Length: 0")), (0, POST), (1, GIVE)])
    assert [(m.body_len, m.body_note) for m in requests(events)] == [(None, "never sent"), (5, None)]
    assert [m.status for m in responses(events)] == [401, 200]


# ---------------------------------------------------------------- what phones and proxies really send


@pytest.mark.parametrize(
    "head",
    [
        b"GET /autodiscover/autodiscover.xml HTTP/1.1\nHost: autodiscover.example.com\n\n",
        b"\r\n\r\nGET /autodiscover/autodiscover.xml HTTP/1.1\r\nHost : autodiscover.example.com\r\n\r\n",
        b"GET  /autodiscover/autodiscover.xml  HTTP/1.1 \r\nHOST:autodiscover.example.com\r\n\r\n",
        b"get /autodiscover/autodiscover.xml http/1.1\r\nhost:\r\n autodiscover.example.com\r\n\r\n".replace(b"get", b"GET"),
        b"GET /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: autodiscover.example.com\r\nX-Odd: \xff\x00\r\n\r\n",
    ],
    ids=["line feeds", "empty lines before", "spaces", "folded", "bytes"],
)
def test_heads_that_strict_parsers_refuse(head: bytes) -> None:
    (message,) = requests(run(DISSECTOR, [(0, head)]))
    assert (message.uri, message.version, message.host) == ("/autodiscover/autodiscover.xml", "HTTP/1.1", "autodiscover.example.com")


def test_targets_with_spaces_and_status_without_reason() -> None:
    events = run(DISSECTOR, [(0, b"GET /a b?sipuri=sip:anna@example.com HTTP/1.0\r\n\r\n"), (1, b"HTTP/1.0 404\r\nContent-Length: 0\r\n\r\n")])
    assert requests(events)[0].uri == "/a b?sipuri=sip:anna@example.com"
    assert (responses(events)[0].status, responses(events)[0].reason) == (404, "")


def test_lengths_that_contradict_or_repeat() -> None:
    for fields, length in ((("Content-Length: 15", "Content-Length: 15"), 15), (("Content-Length: 15, 15",), 15), (("Content-Length: -1",), None)):
        (message,) = responses(run(DISSECTOR, [(0, ASK), (1, response("200 OK", *fields, body=BODY))]))
        assert (message.content_length, message.body_len) == (length, 15)


def test_lines_without_a_name_and_too_many_are_told_and_left_out() -> None:
    odd = response("200 OK", "no colon here", ": empty", "Content-Length: 0")
    events = run(DISSECTOR, [(0, ASK), (1, odd)])
    assert [m.reason for m in messages(events) if isinstance(m, Malformed)] == ["header line without a name"]
    many = response("200 OK", *(f"X-{number}: 1" for number in range(300)), "Content-Length: 0")
    assert [m.reason for m in messages(run(DISSECTOR, [(1, many)])) if isinstance(m, Malformed)] == ["more than 200 header lines"]


# ---------------------------------------------------------------- half conversations, gaps and cuts


def test_requests_alone_and_responses_alone() -> None:
    assert [m.host for m in requests(run(DISSECTOR, [(0, ASK), (0, ASK)]))] == ["autodiscover.example.com"] * 2
    alone = responses(run(DISSECTOR, [(0, GIVE + GIVE)]))
    assert [(m.request_frame, m.raw_body) for m in alone] == [(None, BODY)] * 2


def test_a_response_alone_may_be_the_answer_to_head() -> None:
    alone = responses(run(DISSECTOR, [(1, response("200 OK", "Content-Length: 15")), (1, GIVE)]))
    assert [(m.body_len, m.body_note) for m in alone] == [(None, "never sent"), (15, None)]


def test_a_gap_within_a_body_of_known_length_is_skipped() -> None:
    events = run(DISSECTOR, [(0, ASK + ASK), (1, GIVE[:-10]), (1, 7), (1, GIVE[-3:] + CHUNKED)])
    first, second = responses(events)
    assert (first.body_len, first.body_sha256, first.body_note) == (8, None, "7 bytes were not captured")
    assert (second.body_len, second.body_sha256) == (15, SHA)
    assert [e.complete for e in events] == [True, True, False, False]
    assert second.body_note == "its place rests on a length that a gap was bridged by"


def test_a_gap_within_a_chunk_is_skipped_and_one_beyond_is_not() -> None:
    at = CHUNKED.index(b"discover")
    inside = run(DISSECTOR, [(0, ASK), (1, CHUNKED[:at]), (1, 10), (1, CHUNKED[at + 10 :] + GIVE)])
    assert [m.body_len for m in responses(inside)] == [5, 15]
    beyond = run(DISSECTOR, [(0, ASK), (1, CHUNKED[:at]), (1, 12), (1, CHUNKED[at + 12 :]), (1, GIVE)])
    assert [(m.body_len, e.complete) for e in beyond if isinstance(m := e.message, HttpResponse)] == [(5, False), (15, False)]


def test_after_a_gap_the_last_request_before_is_the_one_that_is_answered() -> None:
    third = ASK.replace(b"autodiscover.xml", b"third")
    events = run(DISSECTOR, [(0, ASK), (1, GIVE[:30]), (1, 500), (0, third), (1, GIVE)])
    found = [(m.status, m.request_frame, m.body_note, e.complete) for e in events if isinstance(m := e.message, HttpResponse)]
    assert found == [(200, 1, "the head was not captured whole", False), (200, 4, "found again after a gap", False)]


def test_a_request_that_is_fed_before_the_hole_is_given_up_is_not_taken_for_the_one_answered() -> None:
    conversation = DISSECTOR.start(Context(full=True))
    for frame, item in ((1, ASK), (4, ASK), (6, ASK)):
        list(conversation.feed(0, item, Stamp(frame, frame)))
    found = [*conversation.feed(1, GIVE[:90], Stamp(2, 2)), *conversation.gap(1, 500), *conversation.feed(1, GIVE, Stamp(5, 5))]
    assert [m.request_frame for m in responses(found)] == [1, 4]
    assert [m.request_frame for m in responses(list(conversation.feed(1, GIVE, Stamp(7, 7))))] == [6]


def test_a_lost_segment_between_messages_is_found_past() -> None:
    events = run(DISSECTOR, [(0, 300), (0, b"rest of something\r\n\r\n"), (0, ASK)])
    assert [type(m) for m in messages(events)] == [HttpRequest]


@pytest.mark.parametrize("size", [40, 90, len(GIVE) - 1])
def test_a_message_cut_by_the_end_of_the_capture(size: int) -> None:
    events = run(DISSECTOR, [(0, ASK), (1, GIVE[:size])])
    (message,) = responses(events)
    assert (message.status, message.body_sha256, events[-1].complete) == (200, None, False)


def test_a_start_line_that_is_cut_is_told() -> None:
    assert messages(run(DISSECTOR, [(0, ASK[:20])])) == [Malformed("http", "no start line of HTTP/1", 0, True)]


def test_a_server_that_speaks_something_else_is_told() -> None:
    assert messages(run(DISSECTOR, [(0, ASK), (1, b"0123456789abcdef")]))[1:] == [Malformed("http", "no start line of HTTP/1", 0, False)]


def test_nonsense_between_messages_is_told_and_passed() -> None:
    events = run(DISSECTOR, [(0, ASK), (1, GIVE + b"\x00\x01garbage"), (0, ASK), (1, b"more"), (1, GIVE)])
    assert [type(m).__name__ for m in messages(events)] == ["HttpRequest", "HttpResponse", "Malformed", "HttpRequest", "HttpResponse"]
    assert responses(events)[-1].request_frame == 3


def test_wrong_chunk_sizes_end_the_body() -> None:
    for wrong in (b"zz\r\n", b"5\r\nhelloo\r\n", b"-1\r\n", b"1" * 17 + b"\r\n", b"\r\n"):
        events = run(DISSECTOR, [(0, ASK), (1, response("200 OK", "Transfer-Encoding: chunked", body=wrong))])
        assert [(type(e.message).__name__, e.complete) for e in events[1:]] == [("HttpResponse", False), ("Malformed", False)]


def test_heads_without_end_are_given_up() -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (HTTP_HEADER_BYTES // 6)
    events = run(DISSECTOR, [(0, ASK), *((1, endless[at : at + 1000]) for at in range(0, len(endless), 1000)), (1, GIVE)])
    assert [type(m).__name__ for m in messages(events)] == ["HttpRequest", "Malformed", "HttpResponse"]


def test_a_conversation_of_nothing_but_problems_ends() -> None:
    flow = [(0, ASK + b"\0")] * (MAX_PROBLEMS_PER_FLOW + 50)
    assert len(requests(run(DISSECTOR, flow))) == MAX_PROBLEMS_PER_FLOW


# ---------------------------------------------------------------- other protocols behind it

CONNECT = b"CONNECT webext.example.com:443 HTTP/1.1\r\nHost: webext.example.com:443\r\n\r\n"
HELLO = b"\x16\x03\x01\x02\x00\x01\x00"


@pytest.mark.parametrize(
    ("flow", "count", "protocol", "rest"),
    [
        ([(0, CONNECT), (1, response("200 Connection established"))], 3, None, (b"", b"")),
        ([(0, CONNECT), (1, response("200 Connection established", "Content-Length: 5", body=b"SSH-2"))], 3, None, (b"", b"SSH-2")),
        ([(0, CONNECT + HELLO[:3])], 2, None, (HELLO[:3], b"")),
        ([(0, CONNECT), (0, HELLO + b"\n\n")], 2, None, (HELLO + b"\n\n", b"")),
        ([(0, CONNECT), (0, HELLO)], 2, None, (HELLO, b"")),
        ([(1, response("200 Connection established", body=HELLO))], 2, None, (b"", HELLO)),
        (
            [(0, ASK.replace(b"Host", b"Upgrade: websocket\r\nHost")), (1, response("101 Switching", "Upgrade: WebSocket"))],
            3,
            "websocket",
            (b"", b""),
        ),
    ],
    ids=["connect", "server speaks first", "client does not wait", "client alone, odd bytes", "client alone", "server alone", "upgrade"],
)
def test_handover(flow: list[tuple[int, bytes | int]], count: int, protocol: str | None, rest: tuple[bytes, bytes]) -> None:
    found = messages(run(DISSECTOR, flow))
    assert len(found) == count
    assert found[-1] == Handover(protocol, rest)


def test_a_proxy_that_refuses_goes_on_in_http() -> None:
    events = run(DISSECTOR, [(0, CONNECT), (1, response("407 Proxy Authentication Required", "Content-Length: 15", body=BODY)), (0, CONNECT)])
    assert [type(m).__name__ for m in messages(events)] == ["HttpRequest", "HttpResponse", "HttpRequest"]


# ---------------------------------------------------------------- how much is read


def test_conversations_that_cannot_matter_are_left_after_their_first_heads() -> None:
    other = b"GET /video HTTP/1.1\r\nHost: www.example.net\r\n\r\n"
    conversation = [(0, other), (1, response("200 OK", "Content-Length: 100000", body=b"x" * 100)), (0, other)]
    events = run(DISSECTOR, conversation, full=False)
    assert [type(m).__name__ for m in messages(events)] == ["HttpRequest", "HttpResponse"]
    assert (responses(events)[0].body_len, responses(events)[0].body_note, events[-1].complete) == (None, "not read", True)


@pytest.mark.parametrize(
    "first",
    [
        ASK,
        b"GET /?sipuri=sip:anna@example.com HTTP/1.1\r\nHost: lyncdiscover.example.com\r\n\r\n",
        b"OPTIONS /Microsoft-Server-ActiveSync HTTP/1.1\r\nHost: mail.example.com\r\n\r\n",
        b"GET /hotspot-detect.html HTTP/1.1\r\nHost: captive.apple.com\r\n\r\n",
        b"GET http://www.example.net/ HTTP/1.1\r\nHost: www.example.net\r\n\r\n",
        b"GET /owa HTTP/1.1\r\nHost: mail.example.com\r\nAuthorization: Basic YTpi\r\n\r\n",
    ],
    ids=["exchange", "lync", "activesync", "probe", "proxy", "credentials"],
)
def test_conversations_that_matter_are_read_on(first: bytes) -> None:
    events = run(DISSECTOR, [(0, first), (1, GIVE), (0, ASK), (1, GIVE)], full=False)
    assert len(events) == 4


def test_a_challenge_keeps_the_conversation_open() -> None:
    other = b"GET /owa HTTP/1.1\r\nHost: mail.example.com\r\n\r\n"
    events = run(DISSECTOR, [(0, other), (1, response("401 Unauthorized", "Content-Length: 0")), (0, other)], full=False)
    assert len(events) == 3


def test_only_bodies_of_discovery_and_service_are_kept() -> None:
    flow = [(0, b"POST /form HTTP/1.1\r\nHost: www.example.net\r\nContent-Length: 5\r\n\r\nhello"), (1, GIVE), (0, POST), (1, GIVE)]
    events = run(DISSECTOR, flow)
    assert [(m.body_len, m.raw_body) for m in requests(events)] == [(5, None), (5, b"hello")]
    assert [(m.body_len, m.raw_body) for m in responses(events)] == [(15, None), (15, BODY)]


# ---------------------------------------------------------------- recogniser


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (ASK, 0.95),
        (GIVE, 0.95),
        (b"RPC_IN_DATA /rpc/rpcproxy.dll?mail.example.com:6001 HTTP/1.1\r\n", 0.95),
        (b"\r\nGET / HTTP/1.0\r\n", 0.95),
        (b"GET /very/long", 0.8),
        (b"GET", 0.3),
        (b"HTTP/1.1 2", 0.3),
        (b"GET /bad.html\r\n", 0.0),
        (b"GET / HTTP/2.0\r\n", 0.0),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0.0),
        (b"OPTIONS sip:example.com SIP/2.0\r\n", 0.0),
        (b"NOTIFY sip:anna@example.com", 0.0),
        (b"HELO mail.example.com\r\n", 0.0),
        (b"GETTING / HTTP/1.1\r\n", 0.0),
        (b"HTTP/1.1 abc\r\n", 0.0),
        (HELLO, 0.0),
        (b"", 0.0),
    ],
)
def test_recogniser(data: bytes, sure: float) -> None:
    assert DISSECTOR.recognise(data) == sure


# ---------------------------------------------------------------- whatever the bytes

FLOWS = [ASK + POST + ASK, GIVE + CHUNKED + response("204 No Content") + GIVE]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FLOWS), st.lists(st.integers(0, 2000), max_size=8))
def test_chunking_does_not_matter(data: bytes, cuts: list[int]) -> None:
    whole = messages(run(DISSECTOR, [(0, data)]))
    assert len(whole) in (3, 4)
    assert messages(run(DISSECTOR, [(0, part) for part in segments(data, cuts)])) == whole


def test_every_prefix_gives_the_whole_messages_in_it() -> None:
    for data in FLOWS:
        whole = run(DISSECTOR, [(0, data)])
        for end in range(len(data)):
            found = [e.message for e in run(DISSECTOR, [(0, data[:end])]) if e.complete]
            assert found == messages(whole)[: len(found)]


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.binary(max_size=300), mutated([*FLOWS, CONNECT + HELLO])),
    st.lists(st.integers(0, 2000), max_size=4),
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 50)), max_size=2),
    st.booleans(),
)
def test_nothing_is_raised(data: bytes, cuts: list[int], gaps: list[tuple[int, int]], full: bool) -> None:
    flow: list[tuple[int, bytes | int]] = [(0, part) for part in segments(data, cuts)]
    for at, size in gaps:
        flow[at:at] = [(0, size), (1, GIVE)]
    run(DISSECTOR, flow, full=full)
    assert 0.0 <= DISSECTOR.recognise(data) <= 1.0


class _Seen:
    """What httptools tells of one message."""

    def __init__(self) -> None:
        self.url, self.body, self.headers = b"", b"", list[tuple[bytes, bytes]]()

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body


NAMES = st.text("abcdefgHIJKL-", min_size=1, max_size=12).filter(lambda name: name[0] != "-")
VALUES = st.text("abc XYZ0123;=/\"'", max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.text("abc/?=&%20.", max_size=20), st.lists(st.tuples(NAMES, VALUES), max_size=5), st.binary(max_size=50))
def test_httptools_and_h11_read_the_same_request(target: str, fields: list[tuple[str, str]], body: bytes) -> None:
    lines = [
        f"POST /mcx/{target} HTTP/1.1",
        "Host: webext.example.com",
        *(f"X{name}: {value}" for name, value in fields),
        f"Content-Length: {len(body)}",
    ]
    data = "\r\n".join([*lines, "", ""]).encode() + body
    (ours,) = requests(run(DISSECTOR, [(0, data)]))
    seen = _Seen()
    httptools.HttpRequestParser(seen).feed_data(data)
    assert (ours.uri.encode(), ours.raw_body or b"") == (seen.url, seen.body)
    assert [(name.encode(), value.encode()) for name, value in ours.raw_headers] == [(name, value.strip()) for name, value in seen.headers]
    strict: Any = h11.Connection(h11.SERVER)
    strict.receive_data(data)
    event = strict.next_event()
    assert (event.target.decode(), [(n.decode(), v.decode()) for n, v in event.headers]) == (ours.uri, [(n.lower(), v) for n, v in ours.raw_headers])
