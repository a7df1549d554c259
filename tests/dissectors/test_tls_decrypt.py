"""Constructions that Python's OpenSSL does not offer, sealed here record by record: old ciphers, key updates, early data, renegotiation."""

from __future__ import annotations

import hmac
import zlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.modes import CBC
from pcapkit_dissectors._api import Event
from pcapkit_dissectors.messages import Certificate, HandshakeMessage, HttpRequest, TlsKeys
from pcapkit_dissectors.tls_keys import Keys, key_block, next_secret, suite_of, traffic_keys
from pcapkit_dissectors.tls_names import CIPHERS
from tls_bytes import (
    CHANGE,
    LEAF,
    RANDOM,
    TLS13_CLIENT,
    TLS13_SERVER,
    alpn,
    client_hello,
    extension,
    handshake,
    hello_record,
    record,
    server_hello,
    vector,
)
from tls_talk import REQUEST, opened

MASTER = b"m" * 48
SECRETS = {
    "CLIENT_EARLY_TRAFFIC_SECRET": b"e",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET": b"h",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET": b"s",
    "CLIENT_TRAFFIC_SECRET_0": b"c",
    "SERVER_TRAFFIC_SECRET_0": b"d",
}


class Sealer13:
    """One direction of TLS 1.3 under one secret."""

    def __init__(self, cipher: int, secret: bytes) -> None:
        suite = suite_of(cipher)
        assert suite is not None
        keys = traffic_keys(suite, secret)
        make = {"GCM": AESGCM, "CCM": AESCCM, "CHACHA20": ChaCha20Poly1305}
        self._aead = AESCCM(keys.key, tag_length=8) if suite.cipher == "CCM_8" else make[suite.cipher](keys.key)  # type: ignore[operator]
        self._tag = 8 if suite.cipher == "CCM_8" else 16
        self._iv, self._count = int.from_bytes(keys.iv, "big"), 0

    def __call__(self, content_type: int, content: bytes, padding: int = 0) -> bytes:
        inner = content + bytes([content_type]) + bytes(padding)
        header = b"\x17\x03\x03" + (len(inner) + self._tag).to_bytes(2, "big")
        nonce = (self._iv ^ self._count).to_bytes(12, "big")
        self._count += 1
        return header + bytes(self._aead.encrypt(nonce, inner, header))


def secret(label: str, size: int) -> bytes:
    return SECRETS[label] * size


def log13(size: int, *left_out: str) -> bytes:
    return "\n".join(f"{label} {RANDOM.hex()} {secret(label, size).hex()}" for label in SECRETS if label not in left_out).encode()


def hellos(cipher: int, *extras: bytes) -> list[tuple[int, bytes]]:
    return [
        (0, hello_record(client_hello(extensions=TLS13_CLIENT + b"".join(extras)))),
        (1, hello_record(server_hello(cipher=cipher, extensions=TLS13_SERVER))),
    ]


def requests(events: list[Event]) -> list[str]:
    return [e.message.uri for e in events if isinstance(e.message, HttpRequest) and e.decrypted]


@pytest.mark.parametrize("cipher", [0x1301, 0x1302, 0x1303, 0x1304, 0x1305])
@pytest.mark.parametrize("seen", ["both", "client"])
def test_every_suite_of_tls13(cipher: int, seen: str) -> None:
    size = 48 if cipher == 0x1302 else 32
    finish, data = Sealer13(cipher, secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", size)), Sealer13(cipher, secret("CLIENT_TRAFFIC_SECRET_0", size))
    flow = [*hellos(cipher), (0, CHANGE + finish(22, handshake(20, b"f" * 32)) + data(23, REQUEST, padding=40))]
    assert requests(opened([s for s in flow if seen == "both" or s[0] == 0], log13(size))) == ["/autodiscover/autodiscover.xml"]


def test_key_updates_announced_and_lost() -> None:
    suite = suite_of(0x1301)
    assert suite is not None
    first = secret("CLIENT_TRAFFIC_SECRET_0", 32)
    second = next_secret(suite, first)
    one, two, three = (Sealer13(0x1301, s) for s in (first, second, next_secret(suite, second)))
    update = handshake(24, b"\0")
    flow: list[tuple[int, bytes | int]] = [
        *hellos(0x1301),
        (0, one(23, REQUEST)),
        (0, one(22, update)),
        (0, two(23, REQUEST)),
        (0, len(two(22, update))),
        (0, three(23, REQUEST)),
    ]
    assert len(requests(opened(flow, log13(32)))) == 3


@pytest.mark.parametrize("left_out", [(), ("CLIENT_EARLY_TRAFFIC_SECRET",)])
def test_early_data(left_out: tuple[str, ...]) -> None:
    """Sent before the server's hello; without its secret what follows is still read."""
    early = Sealer13(0x1301, secret("CLIENT_EARLY_TRAFFIC_SECRET", 32))
    finish, data = Sealer13(0x1301, secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 32)), Sealer13(0x1301, secret("CLIENT_TRAFFIC_SECRET_0", 32))
    hello, answer = hellos(0x1301, extension(42, b""), extension(41, b"\0\0"))
    flow = [
        hello,
        (0, early(23, REQUEST)),
        answer,
        (0, early(22, handshake(5, b""))),
        (0, finish(22, handshake(20, b"f" * 32))),
        (0, data(23, REQUEST)),
    ]
    assert len(requests(opened(flow, log13(32, *left_out)))) == 2 - len(left_out)


def test_refused_early_data_does_not_stop_the_rest() -> None:
    early = Sealer13(0x1301, b"x" * 32)
    finish, data = Sealer13(0x1301, secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 32)), Sealer13(0x1301, secret("CLIENT_TRAFFIC_SECRET_0", 32))
    hello, answer = hellos(0x1301, extension(42, b""))
    flow = [hello, *[(0, early(23, REQUEST))] * 20, answer, (0, finish(22, handshake(20, b"f" * 32))), (0, data(23, REQUEST))]
    events = opened(flow, log13(32))
    assert len(requests(events)) == 1
    assert [e.message.status for e in events if isinstance(e.message, TlsKeys)] == ["matched"]


def test_alpn_and_chain_inside() -> None:
    seal = Sealer13(0x1301, secret("SERVER_HANDSHAKE_TRAFFIC_SECRET", 32))
    chain = handshake(11, b"\0" + vector(3, vector(3, LEAF) + b"\0\0"))
    body = chain[4:]
    packed = handshake(25, b"\0\1" + len(body).to_bytes(3, "big") + vector(3, zlib.compress(body)))
    flight = handshake(8, vector(2, alpn(b"http/1.1"))) + handshake(13, b"\0\0\0")
    for certificate in (chain, packed):
        events = opened([*hellos(0x1301), (1, seal(22, flight + certificate[:20])), (1, seal(22, certificate[20:]))], log13(32))
        inside = [e for e in events if e.decrypted]
        assert [e.message.msg_type for e in inside if isinstance(e.message, HandshakeMessage)] == [8, 13]
        (told,) = [e for e in inside if isinstance(e.message, Certificate)]
        assert isinstance(told.message, Certificate)
        assert (told.message.raw_der, told.frames) == ((LEAF,), (3, 4))
        seal = Sealer13(0x1301, secret("SERVER_HANDSHAKE_TRAFFIC_SECRET", 32))


# ---------------------------------------------------------------- up to TLS 1.2


class Sealer12:
    """One direction under RC4, 3DES or GCM with a MAC as of RFC 5246, 6.2.3."""

    def __init__(self, cipher: int, keys: Keys, version: int = 0x0303) -> None:
        suite = suite_of(cipher)
        assert suite is not None
        self._suite, self._keys, self._version, self._count = suite, keys, version, 0
        self._rc4 = Cipher(ARC4(keys.key), mode=None).encryptor() if suite.cipher == "RC4" else None

    def __call__(self, content_type: int, content: bytes) -> bytes:
        head = bytes([content_type]) + self._version.to_bytes(2, "big")
        covered = self._count.to_bytes(8, "big") + head + len(content).to_bytes(2, "big")
        self._count += 1
        if self._suite.mac is None:
            explicit = self._count.to_bytes(8, "big")
            return record(content_type, explicit + AESGCM(self._keys.key).encrypt(self._keys.iv + explicit, content, covered), self._version)
        plain = content + hmac.digest(self._keys.mac, covered + content, self._suite.mac)
        if self._rc4:
            return record(content_type, self._rc4.update(plain), self._version)
        padding = 8 - len(plain) % 8
        iv = bytes(range(8))
        encryptor = Cipher(TripleDES(self._keys.key), CBC(iv)).encryptor()
        return record(content_type, iv + encryptor.update(plain + bytes([padding - 1]) * padding) + encryptor.finalize(), self._version)


LOG12 = f"CLIENT_RANDOM {RANDOM.hex()} {MASTER.hex()}\n".encode()


def client12(cipher: int, master: bytes = MASTER, random: bytes = RANDOM, version: int = 0x0303) -> Sealer12:
    suite = suite_of(cipher)
    assert suite is not None
    return Sealer12(cipher, key_block(version, suite, master, random, RANDOM[::-1])[0], version)


def opening(cipher: int, version: int = 0x0303) -> list[tuple[int, bytes]]:
    hello = hello_record(client_hello(version=version), version=version)
    return [(0, hello), (1, hello_record(server_hello(cipher=cipher, version=version), version=version)), (0, CHANGE)]


@pytest.mark.parametrize(("cipher", "version"), [(0x0004, 0x0301), (0x0005, 0x0303), (0x000A, 0x0303), (0xC012, 0x0302), (0xC02F, 0x0303)])
def test_ciphers_of_old_clients(cipher: int, version: int) -> None:
    seal = client12(cipher, version=version)
    flow = [*opening(cipher, version), (0, seal(22, handshake(20, b"f" * 12))), (0, seal(23, REQUEST) + seal(23, REQUEST))]
    assert len(requests(opened(flow, LOG12))) == 2


def test_renegotiation_is_read_inside_and_changes_the_keys() -> None:
    random = b"\x77" * 32
    old, new = client12(0xC02F), client12(0x009C, b"n" * 48, random)
    suite = suite_of(0xC02F)
    assert suite is not None
    server = Sealer12(0xC02F, key_block(0x0303, suite, MASTER, RANDOM, RANDOM[::-1])[1])
    flow = [
        *opening(0xC02F),
        (1, CHANGE),
        (0, old(23, REQUEST)),
        (0, old(22, client_hello(random=random))),
        (1, server(22, server_hello(cipher=0x009C))),
        (0, old(20, b"\1")),
        (0, new(23, REQUEST)),
    ]
    log = LOG12 + f"CLIENT_RANDOM {random.hex()} {(b'n' * 48).hex()}\n".encode()
    events = opened(flow, log)
    assert len(requests(events)) == 2
    assert [e.decrypted for e in events if e.message.TYPE == "tls.client_hello"] == [False, True]
    assert len(requests(opened(flow, LOG12))) == 1


@pytest.mark.parametrize(
    ("flow", "detail"),
    [
        (opening(0x0007), "TLS_RSA_WITH_IDEA_CBC_SHA is not decrypted"),
        (opening(0xC02F, 0x0300), "SSL 3.0 is not decrypted"),
        ([*opening(0xC02F)[:1], (0, CHANGE)], "the server's hello is not there"),
        ([(0, CHANGE)], "the client's hello is not in the capture"),
    ],
)
def test_what_is_missing_is_said(flow: list[tuple[int, bytes]], detail: str) -> None:
    events = opened([*flow, (0, record(23, b"x" * 60))], LOG12)
    (told,) = [e.message for e in events if isinstance(e.message, TlsKeys)]
    assert told.status == "missing"
    assert detail in told.detail


def test_compressed_records_are_not_guessed_at() -> None:
    body = bytearray(server_hello(cipher=0xC02F))
    body[-1] = 1
    seal = client12(0xC02F)
    events = opened([opening(0xC02F)[0], (1, hello_record(bytes(body))), (0, CHANGE), (0, seal(23, REQUEST))], LOG12)
    assert [e.message.detail for e in events if isinstance(e.message, TlsKeys)] == [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 with compression is not decrypted"
    ]


def test_short_and_odd_records_stay_closed() -> None:
    bodies: list[Callable[[int], bytes]] = [lambda n: b"x" * n]
    for cipher in (0x0005, 0x000A, 0x002F, 0xC02F, 0xCCA8, 0xC0A0):
        for body in bodies:
            for size in (1, 7, 8, 15, 16, 17, 31, 40, 64):
                opened([*opening(cipher), (0, record(23, body(size)))], LOG12)
    for size in (1, 16, 17, 18):
        opened([*hellos(0x1301), (1, record(23, b"x" * size))], log13(32))


# ---------------------------------------------------------------- key schedules


def test_traffic_keys_of_rfc_8448() -> None:
    """RFC 8448, 3: the simple 1-RTT handshake, server handshake traffic keys."""
    suite = suite_of(0x1301)
    assert suite is not None
    keys = traffic_keys(suite, bytes.fromhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"))
    assert keys.key.hex() == "3fce516009c21727d0f2e4e86ee403bc"
    assert keys.iv.hex() == "5d313eb2671276ee13000b30"


def test_suites_are_read_from_their_names() -> None:
    unknown = {n for n in CIPHERS if suite_of(n) is None}
    assert all(any(word in CIPHERS[n] for word in ("EXPORT", "RC2", "IDEA", "DES_CBC", "SCSV", "CHACHA")) for n in unknown)
    gcm, cbc = suite_of(0xC030), suite_of(0xC024)
    assert gcm is not None
    assert cbc is not None
    assert (gcm.cipher, gcm.key, gcm.mac, gcm.prf) == ("GCM", 32, None, "sha384")
    assert (cbc.cipher, cbc.key, cbc.mac, cbc.prf, cbc.mac_size) == ("CBC", 32, "sha384", "sha384", 48)
    assert suite_of(0x9999) is None
