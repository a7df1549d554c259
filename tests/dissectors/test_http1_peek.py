"""Requests that can matter only by their host, told from those that matter by themselves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors.http1_peek import Peek, peek_request

PLAIN = b"GET /index.html?x=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n"


def test_a_plain_request():
    assert peek_request(PLAIN) == Peek("www.example.com", "Mozilla/5.0")
    assert peek_request(b"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy") == Peek("a", "")


@pytest.mark.parametrize(
    "change",
    [
        (b"/index.html?x=1", b"/autodiscover/autodiscover.xml"),
        (b"/index.html?x=1", b"/Microsoft-Server-ActiveSync?Cmd=Sync"),
        (b"/index.html?x=1", b"/?sipuri=anna@example.com"),
        (b"/index.html?x=1", b"/generate_204"),
        (b"/index.html", b"http://www.example.com/index.html"),
        (b"GET /", b"CONNECT /"),
        (b"www.", b"lyncdiscover."),
        (b"www.", b"autodiscover."),
        (b"Accept:", b"Authorization: Basic eA==\r\nAccept:"),
        (b"Accept:", b"X-MS-WebTicket: x\r\nAccept:"),
        (b"Accept:", b"Upgrade: h2c\r\nAccept:"),
        (b"Accept:", b"Host: other.example.com\r\nAccept:"),
        (b"Host: www.example.com\r\n", b""),
        (b"HTTP/1.1", b"HTTP/2.0"),
        (b"Mozilla", b"M\xf6zilla"),
        (b"Accept: */*", b"nonsense"),
    ],
)
def test_what_is_for_the_dissector(change):
    assert peek_request(PLAIN) is not None
    assert peek_request(PLAIN.replace(*change)) is None


def test_no_part_of_it_is_enough():
    assert not any(peek_request(PLAIN[:size]) for size in range(len(PLAIN)))


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_never_raises(data):
    peek_request(data)
    peek_request(b"GET /" + data + b"\r\n\r\n")
