"""The name in a hello, without the dissector: the same as the dissector reads, or no answer."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import Context, Stamp
from pcapkit_dissectors.tls_peek import peek_server_name
from pcapkit_dissectors.tls_record import TlsConversation


def hello(extensions, session=b""):
    body = b"\x03\x03" + bytes(range(32)) + bytes([len(session)]) + session + struct.pack(">HHH", 4, 0xC02B, 0xC02F) + b"\x01\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return struct.pack(">BHH", 22, 0x0301, len(message)) + message


def extension(kind, body):
    return struct.pack(">HH", kind, len(body)) + body


def name_extension(name):
    return extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name)


def read(data):
    found = [e.message for e in TlsConversation(Context()).feed(0, data, Stamp(1, 1)) if e.message.TYPE == "tls.client_hello"]
    return found[0].sni if found else None


WHOLE = hello(extension(23, b"") + name_extension(b"a.example.com") + extension(11, b"\1\0"), bytes(32))


def test_a_whole_hello():
    assert peek_server_name(WHOLE) == (True, "a.example.com")
    assert peek_server_name(hello(extension(23, b""))) == (True, None)
    assert peek_server_name(WHOLE + b"\x14\x03\x03\0\1\1") == (True, "a.example.com")


def test_no_part_of_it_is_enough():
    assert not any(peek_server_name(WHOLE[:size])[0] for size in range(len(WHOLE)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_what_it_says_the_dissector_says_too(changes):
    data = bytearray(WHOLE)
    for at, value in changes:
        data[at] = value
    sure, name = peek_server_name(bytes(data))
    if sure:
        assert name == read(bytes(data))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_never_anything_else(data):
    assert peek_server_name(data)[0] in (True, False)
