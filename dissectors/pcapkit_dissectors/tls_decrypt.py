"""Opening protected TLS records: one class a construction (RFC 5246, 6.2.3; RFC 7366 encrypt-then-MAC; RFC 8446, 5.2).

An opener tries the sequence numbers that it is offered, since a capture may have lost records before this one, and proves the right one by the
tag or the MAC. The only module beside ``columns/wpa.py`` that needs ciphers; it is imported only when keys are given.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from pcapkit_dissectors.tls_keys import Keys, Suite
from pcapkit_dissectors.tls_names import TLS10

_TAG: Final = 16


class Sealed(NamedTuple):
    """A protected record."""

    content_type: int
    version: int
    body: bytes

    def header(self, length: int) -> bytes:
        return bytes([self.content_type]) + self.version.to_bytes(2, "big") + length.to_bytes(2, "big")


class Opened(NamedTuple):
    """What stood in a record, its true content type, and the sequence number under which it was sealed."""

    content_type: int
    content: bytes
    sequence: int


class Opener(Protocol):
    """Opens the records of one direction under one set of keys."""

    overhead: int
    """Bytes of record payload that are no content."""

    def open(self, record: Sealed, sequences: Iterable[int]) -> Opened | None:
        """The content, or None if no sequence number fits."""

    def close(self, record: Sealed, content: bytes, sequence: int) -> bytes:
        """The body of a record that was opened under this number, with other content of equal length. Records in order, each of them once."""


class _Aead(Protocol):
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


def _aead(suite: Suite, key: bytes) -> _Aead:
    match suite.cipher:
        case "GCM":
            return AESGCM(key)
        case "CCM":
            return AESCCM(key)
        case "CCM_8":
            return AESCCM(key, tag_length=8)
    return ChaCha20Poly1305(key)


class Aead12:
    """AEAD suites of TLS 1.2. GCM and CCM send half of their nonce (RFC 5288, 3; RFC 6655, 3), ChaCha20 mixes in the number (RFC 7905, 2)."""

    def __init__(self, suite: Suite, keys: Keys) -> None:
        self._aead = _aead(suite, keys.key)
        self._iv = keys.iv
        self._explicit = 0 if suite.cipher == "CHACHA20" else 8
        self._tag = 8 if suite.cipher == "CCM_8" else _TAG
        self.overhead = self._explicit + self._tag

    def open(self, record: Sealed, sequences: Iterable[int]) -> Opened | None:
        size = len(record.body) - self.overhead
        if size < 0:
            return None
        sent, sealed, header = record.body[: self._explicit], record.body[self._explicit :], record.header(size)
        for number in sequences:
            counted = number.to_bytes(8, "big")
            nonce = self._iv + sent if sent else _mixed(self._iv, number)
            try:
                return Opened(record.content_type, self._aead.decrypt(nonce, sealed, counted + header), number)
            except InvalidTag:
                continue
        return None

    def close(self, record: Sealed, content: bytes, sequence: int) -> bytes:
        sent = record.body[: self._explicit]
        nonce = self._iv + sent if sent else _mixed(self._iv, sequence)
        return sent + self._aead.encrypt(nonce, content, sequence.to_bytes(8, "big") + record.header(len(content)))


class Aead13:
    """TLS 1.3: the true content type stands behind the content, before any padding (RFC 8446, 5.2-5.4)."""

    def __init__(self, suite: Suite, keys: Keys) -> None:
        self._aead = _aead(suite, keys.key)
        self._iv = keys.iv
        self.overhead = (8 if suite.cipher == "CCM_8" else _TAG) + 1

    def open(self, record: Sealed, sequences: Iterable[int]) -> Opened | None:
        if len(record.body) < self.overhead:
            return None
        header = record.header(len(record.body))
        for number in sequences:
            try:
                inner = self._aead.decrypt(_mixed(self._iv, number), record.body, header).rstrip(b"\0")
            except InvalidTag:
                continue
            return Opened(inner[-1], inner[:-1], number) if inner else Opened(0, b"", number)
        return None

    def close(self, record: Sealed, content: bytes, sequence: int) -> bytes:
        header, nonce = record.header(len(record.body)), _mixed(self._iv, sequence)
        before = self._aead.decrypt(nonce, record.body, header)
        return self._aead.encrypt(nonce, content + before[len(content) :], header)


def _mixed(iv: bytes, number: int) -> bytes:
    return (int.from_bytes(iv, "big") ^ number).to_bytes(len(iv), "big")


def _mac(suite: Suite, keys: Keys, record: Sealed, content: bytes, number: int) -> bytes:
    assert suite.mac is not None
    return hmac.digest(keys.mac, number.to_bytes(8, "big") + record.header(len(content)) + content, suite.mac)


class Stream:
    """RC4, and no cipher at all, with a MAC behind the content. RC4 cannot find its place again after a gap."""

    def __init__(self, suite: Suite, keys: Keys) -> None:
        self._suite, self._keys = suite, keys
        self._cipher = Cipher(ARC4(keys.key), mode=None).decryptor() if suite.cipher == "RC4" else None
        self._closing = Cipher(ARC4(keys.key), mode=None).encryptor() if suite.cipher == "RC4" else None
        self.overhead = suite.mac_size

    def open(self, record: Sealed, sequences: Iterable[int]) -> Opened | None:
        plain = self._cipher.update(record.body) if self._cipher else record.body
        size = len(plain) - self.overhead
        if size < 0:
            return None
        content, mac = plain[:size], plain[size:]
        for number in sequences:
            if _mac(self._suite, self._keys, record, content, number) == mac:
                return Opened(record.content_type, content, number)
        return None

    def close(self, record: Sealed, content: bytes, sequence: int) -> bytes:
        plain = content + _mac(self._suite, self._keys, record, content, sequence)
        return self._closing.update(plain) if self._closing else plain


class Block:
    """CBC suites. In TLS 1.0 the last block of a record is the next one's initialisation vector; later each brings its own."""

    def __init__(self, suite: Suite, keys: Keys, version: int, mac_outside: bool) -> None:
        self._suite, self._keys = suite, keys
        self._chained = version <= TLS10
        self._mac_outside = mac_outside
        self._algorithm = TripleDES(keys.key) if suite.cipher == "3DES" else AES(keys.key)
        self._block = 8 if suite.cipher == "3DES" else 16
        self._iv = self._closing_iv = keys.iv
        self.overhead = suite.mac_size + (0 if self._chained else self._block) + self._block // 2

    def open(self, record: Sealed, sequences: Iterable[int]) -> Opened | None:
        mac_size = self._suite.mac_size
        body, outer = (record.body[:-mac_size], record.body[-mac_size:]) if self._mac_outside else (record.body, b"")
        plain = self._decrypt(body)
        if plain is None:
            return None
        padding = plain[-1] + 1
        size = len(plain) - padding - (0 if self._mac_outside else mac_size)
        if size < 0 or plain[-padding:] != bytes([padding - 1]) * padding:
            return None
        for number in sequences:
            if self._mac_outside:
                covered = number.to_bytes(8, "big") + record.header(len(body)) + body
                fits = hmac.digest(self._keys.mac, covered, self._suite.mac or "") == outer
            else:
                fits = _mac(self._suite, self._keys, record, plain[:size], number) == plain[size : size + mac_size]
            if fits:
                return Opened(record.content_type, plain[:size], number)
        return None

    def _decrypt(self, body: bytes) -> bytes | None:
        if len(body) < self._block * (1 if self._chained else 2) or len(body) % self._block:
            return None
        iv, sealed = (self._iv, body) if self._chained else (body[: self._block], body[self._block :])
        self._iv = body[-self._block :]
        decryptor = Cipher(self._algorithm, CBC(iv)).decryptor()
        return decryptor.update(sealed) + decryptor.finalize()

    def close(self, record: Sealed, content: bytes, sequence: int) -> bytes:
        mac_size = self._suite.mac_size if self._mac_outside else 0
        size = len(record.body) - mac_size - (0 if self._chained else self._block)
        plain = content + (b"" if self._mac_outside else _mac(self._suite, self._keys, record, content, sequence))
        padding = size - len(plain)
        iv = self._closing_iv if self._chained else record.body[: self._block]
        encryptor = Cipher(self._algorithm, CBC(iv)).encryptor()
        sealed = encryptor.update(plain + bytes([padding - 1]) * padding) + encryptor.finalize()
        self._closing_iv = sealed[-self._block :]
        body = sealed if self._chained else iv + sealed
        if not self._mac_outside:
            return body
        covered = sequence.to_bytes(8, "big") + record.header(len(body)) + body
        return body + hmac.digest(self._keys.mac, covered, self._suite.mac or "")


def opener12(suite: Suite, keys: Keys, version: int, mac_outside: bool) -> Opener:
    """For a suite of TLS 1.0 to 1.2. ``mac_outside``: encrypt-then-MAC was agreed on (RFC 7366)."""
    if suite.mac is None:
        return Aead12(suite, keys)
    if suite.cipher in ("RC4", "NULL"):
        return Stream(suite, keys)
    return Block(suite, keys, version, mac_outside)
