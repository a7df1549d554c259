"""TLS records by hand."""

import struct


def record(kind, body):
    return struct.pack(">BHH", kind, 0x0303, len(body)) + body


def handshake(kind, body):
    return record(22, bytes([kind]) + len(body).to_bytes(3, "big") + body)


def extension(kind, body):
    return struct.pack(">HH", kind, len(body)) + body


def client_hello(name, padding=0):
    host = name.encode()
    listed = extension(0, struct.pack(">HBH", len(host) + 3, 0, len(host)) + host)
    if padding:
        listed += extension(21, bytes(padding))
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + struct.pack(">HHH", 4, 0xC02B, 0xC02F) + b"\x01\x00" + struct.pack(">H", len(listed)) + listed
    return handshake(1, body)


def server_hello():
    return handshake(2, b"\x03\x03" + bytes(range(32)) + b"\0" + struct.pack(">HB", 0xC02B, 0))


def certificate(ders):
    listed = b"".join(len(der).to_bytes(3, "big") + der for der in ders)
    return handshake(11, len(listed).to_bytes(3, "big") + listed)


def application_data(size):
    return record(23, b"\x99" * size)
