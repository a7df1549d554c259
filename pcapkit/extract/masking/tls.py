"""What of TLS is in clear and personal: the server's name in a client's hello, and the names in certificates (RFC 8446, 5246, 6066)."""

from __future__ import annotations

from typing import Final

from pcapkit.extract.masking.der import mask_certificate
from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.regions import Gather, Region
from pcapkit.extract.masking.text import mask_text
from pcapkit.limits import TLS_HANDSHAKE

CHANGE_CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLEAR_ALERT: Final = 2
"""Length of an alert that is not protected."""
CLIENT_HELLO, CERTIFICATE, COMPRESSED = 1, 11, 25
MESSAGES: Final = frozenset((0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25))
SERVER_NAME: Final = 0
LARGEST: Final = 18_432
"""A protected record's payload (RFC 5246, 6.2.3)."""


def looks_like_tls(data: bytes | bytearray) -> bool:
    """A record header."""
    return len(data) >= 3 and CHANGE_CIPHER <= data[0] <= DATA and data[1] == 3 and data[2] <= 4


def begins_hello(data: bytes) -> bool:
    """A record that begins with a client's hello."""
    return len(data) > 5 and looks_like_tls(data) and data[0] == HANDSHAKE and data[5] == CLIENT_HELLO


def looks_like_old_hello(data: bytes) -> bool:
    """A hello in the form of SSL 2.0, as old clients began with; it names nobody (RFC 5246, E.2)."""
    return len(data) >= 5 and data[0] & 0x80 != 0 and data[2] == 1 and data[3] <= 3 and 2 + (data[0] << 8 & 0x7F00 | data[1]) <= len(data)


class TlsWalker:
    """One direction of a TLS conversation, fed in order; ``regions`` are what it found. ``protected``: how many encrypted records it passed."""

    def __init__(self, modern: bool = False) -> None:
        """``modern``: certificates are in the form of TLS 1.3."""
        self.protected = 0
        self._modern = modern
        self.regions: list[Region] = []
        self._head = bytearray()
        self._left = 0
        self._reads = False
        self._lost = False
        self._protected = False
        """What follows is encrypted, but for a second hello of a client that was asked to try again (RFC 8446, D.4)."""
        self._over = 0
        """Bytes of a message that are still to be blanked."""
        self._message = Gather()

    def feed(self, position: int, data: bytes) -> None:
        """The next bytes, as a segment brought them."""
        if looks_like_old_hello(data) and not self._left and not self._head:
            size = 2 + (data[0] << 8 & 0x7F00 | data[1])
            position, data = position + size, data[size:]
        if self._lost and not looks_like_tls(data):
            return
        self._lost = False
        while data and not self._lost:
            if self._left:
                taken = data[: self._left]
                if self._protected and not self._message.data:
                    again = self._reads and taken[:1] == b"\1" and int.from_bytes(taken[1:4], "big") + 4 == self._left
                    self.protected -= again
                    self._reads = again
                self._left -= len(taken)
                if self._reads:
                    self.handshake(position, taken)
            else:
                taken = data[: 5 - len(self._head)]
                self._head += taken
                if len(self._head) == 5:
                    self._begin()
            position += len(taken)
            data = data[len(taken) :]

    def _begin(self) -> None:
        """A record."""
        kind, self._left = self._head[0], int.from_bytes(self._head[3:], "big")
        if not looks_like_tls(self._head) or self._left > LARGEST:
            self._lost, self._left = True, 0
            self.end()
        self._protected = self._protected or kind in (CHANGE_CIPHER, DATA)
        self._reads = kind == HANDSHAKE
        self.protected += self._protected and kind != CHANGE_CIPHER and (kind, self._left) != (ALERT, CLEAR_ALERT)
        self._head.clear()

    def handshake(self, position: int, data: bytes) -> None:
        """Bytes of handshake messages: whole ones are taken; what is too large or cannot be one is blanked."""
        if self._over:
            blank = Gather()
            blank.add(position, data[: self._over])
            self.regions.append(blank.region(filled))
            position, data, self._over = position + len(blank.data), data[len(blank.data) :], self._over - len(blank.data)
        self._message.add(position, data)
        while len(self._message.data) >= 4:
            kind, size = self._message.data[0], int.from_bytes(self._message.data[1:4], "big")
            if kind not in MESSAGES or size > TLS_HANDSHAKE:
                if kind in MESSAGES:
                    self._message.split(4)
                self._over = max((size if kind in MESSAGES else 1 << 24) - len(self._message.data), 0)
                self.regions.append(self._message.region(filled))
                self._message = Gather()
            elif len(self._message.data) >= 4 + size:
                self._take(self._message.split(4 + size))
            else:
                return

    def _take(self, message: Gather) -> None:
        if message.data[0] == CLIENT_HELLO:
            self.regions.append(message.region(mask_hello))
        elif message.data[0] == CERTIFICATE:
            self.regions.append(message.region(mask_certificates_13 if self._modern else mask_certificates))
        elif message.data[0] == COMPRESSED:
            self.regions.append(message.region(filled))

    def gap(self, size: int) -> None:
        """Bytes are missing: the message that they belong to is read as far as it came."""
        if self._reads or size > self._left:
            self.end()
        self._lost, self._over = size > self._left, 0
        self._left = max(self._left - size, 0)
        self._head.clear()

    def end(self) -> None:
        """Nothing more comes."""
        if len(self._message.data) >= 4:
            self._take(self._message)
        self._message = Gather()


def filled(masks: Masks, data: bytes) -> bytes:
    """What nobody takes for messages."""
    return data if masks.learning else b"\xff" * len(data)


def mask_hello(masks: Masks, data: bytes) -> bytes:
    """A ClientHello, with its message header."""
    out = bytearray(data)
    at = 4 + 2 + 32
    at += 1 + data[at] if at < len(data) else 0
    at += 2 + int.from_bytes(data[at : at + 2], "big")
    at += 1 + data[at] if at < len(data) else 0
    at += 2
    while at + 4 <= len(data):
        kind, size = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == SERVER_NAME:
            start, stop = at + 9, min(at + 9 + int.from_bytes(data[at + 7 : at + 9], "big"), at + 4 + size, len(data))
            name = data[start:stop].decode("latin-1")
            masks.learn_name(name)
            out[start:stop] = mask_text(masks, name).encode("latin-1")
        at += 4 + size
    return bytes(out)


def mask_certificates(masks: Masks, data: bytes) -> bytes:
    """A Certificate message of TLS 1.2 and before (RFC 5246, 7.4.2), with its message header, whole or cut."""
    out, at = bytearray(data), 7
    while at + 3 <= len(data):
        size = int.from_bytes(data[at : at + 3], "big")
        start, stop = at + 3, min(at + 3 + size, len(data))
        out[start:stop] = mask_certificate(masks, data[start:stop])
        at += 3 + size
    return bytes(out)


def mask_certificates_13(masks: Masks, data: bytes) -> bytes:
    """A Certificate message of TLS 1.3 (RFC 8446, 4.4.2): a context first, and extensions behind each certificate."""
    out = bytearray(data)
    at = 5 + data[4] + 3 if len(data) > 4 else len(data)
    while at + 3 <= len(data):
        size = int.from_bytes(data[at : at + 3], "big")
        start, stop = at + 3, min(at + 3 + size, len(data))
        out[start:stop] = mask_certificate(masks, data[start:stop])
        at = stop + 2 + int.from_bytes(data[stop : stop + 2], "big")
    return bytes(out)
