"""TLS over a conversation: real handshakes and real encryption up to TLS 1.2 (the key log fits), lengths of real records in TLS 1.3."""

from __future__ import annotations

import hmac
import struct
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit import tls_bytes as tls
from kit.noise import noise
from kit.pki import Chain
from kit.talk import Talk, Who

HASH: Final = 32
TAG: Final = 16
FATAL: Final = 2
CLOSE_NOTIFY: Final = b"\x01\x00"


class Tls12:
    """A TLS 1.2 handshake with AES-128-GCM and what follows. ``hello`` is the ClientHello as sent."""

    def __init__(self, talk: Talk, label: str, hello: bytes, chain: Chain) -> None:
        self.talk = talk
        self.chain = chain
        self._hello = hello
        self._label = label
        self._suite = tls.ECDHE_ECDSA if chain.key else tls.RSA_AES
        self._sent = {"client": 0, "server": 0}
        self._transcript = b""
        self._secrets()

    def _secrets(self) -> None:
        random = noise("tls", self._label)
        self.client_random = self._hello[6:38]
        reply = tls.server_hello(self._label, tls.TLS12, self._suite, random.randbytes(32))
        self._reply = reply
        self.master = prf(random.randbytes(48), b"master secret", self.client_random + reply[6:38], 48)
        block = prf(self.master, b"key expansion", reply[6:38] + self.client_random, 40)
        self._keys = {"client": (AESGCM(block[:16]), block[32:36]), "server": (AESGCM(block[16:32]), block[36:40])}

    @property
    def key_log(self) -> str:
        """The line of an NSS key log that opens this connection."""
        return f"CLIENT_RANDOM {self.client_random.hex()} {self.master.hex()}"

    # ------------------------------------------------------------ handshake

    def hello(self) -> None:
        """ClientHello."""
        self._transcript += self._hello
        self.talk.say(tls.record(tls.HANDSHAKE, self._hello, tls.TLS10))

    def flight(self) -> None:
        """ServerHello to ServerHelloDone."""
        messages = [self._reply, tls.certificates(self.chain.certs)]
        if self.chain.key:
            messages.append(self._key_exchange(self.chain.key))
        messages.append(tls.message(tls.HELLO_DONE, b""))
        self._transcript += b"".join(messages)
        self.talk.answer(b"".join(tls.record(tls.HANDSHAKE, m) for m in messages))

    def _key_exchange(self, key: ec.EllipticCurvePrivateKey) -> bytes:
        """ServerKeyExchange with its signature (RFC 8422, 5.4)."""
        share = b"\x03" + tls.words(tls.X25519) + tls.vector(noise("share", self._label).randbytes(32), 1)
        signature = key.sign(self.client_random + self._reply[6:38] + share, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        return tls.message(tls.KEY_EXCHANGE, share + tls.words(tls.ECDSA_SHA256) + tls.vector(signature, 2))

    def finish(self) -> None:
        """The rest of the handshake, both ways."""
        random = noise("client share", self._label)
        share = tls.vector(random.randbytes(32), 1) if self.chain.key else tls.vector(random.randbytes(self.chain.key_bytes), 2)
        key = tls.message(tls.CLIENT_KEY, share)
        self._transcript += key
        done = self._finished("client")
        change = tls.record(tls.CHANGE_CIPHER, b"\x01")
        self.talk.say(tls.record(tls.HANDSHAKE, key) + change + self._seal("client", tls.HANDSHAKE, done), after=0.006)
        self._transcript += done
        self.talk.answer(change + self._seal("server", tls.HANDSHAKE, self._finished("server")))

    def _finished(self, who: Who) -> bytes:
        digest = sha256(self._transcript).digest()
        return tls.message(tls.FINISHED, prf(self.master, who.encode() + b" finished", digest, 12))

    # ------------------------------------------------------------ records

    def request(self, data: bytes, after: float = 0.004) -> None:
        """Application data of the client."""
        self.talk.say(self._seal("client", tls.DATA, data), after)

    def response(self, data: bytes, after: float | None = None) -> None:
        """Application data of the server."""
        self.talk.answer(self._seal("server", tls.DATA, data), after)

    def alert(self, description: int, by: Who = "client", after: float = 0.009) -> None:
        """A fatal alert in clear, before the ciphers changed."""
        data = tls.record(tls.ALERT, bytes([FATAL, description]))
        if by == "client":
            self.talk.say(data, after)
        else:
            self.talk.answer(data)

    def goodbye(self, by: Who = "client", after: float = 0.003) -> None:
        """close_notify, encrypted."""
        data = self._seal(by, tls.ALERT, CLOSE_NOTIFY)
        if by == "client":
            self.talk.say(data, after)
        else:
            self.talk.answer(data, after)

    def _seal(self, who: Who, kind: int, data: bytes) -> bytes:
        """A protected record (RFC 5288, 3): explicit nonce, ciphertext, tag."""
        cipher, salt = self._keys[who]
        counter = struct.pack(">Q", self._sent[who])
        self._sent[who] += 1
        sealed = cipher.encrypt(salt + counter, data, counter + struct.pack(">BHH", kind, tls.TLS12, len(data)))
        return tls.record(kind, counter + sealed)


class Tls13:
    """A TLS 1.3 handshake as a capture shows it: the hellos, and records of the right lengths filled with noise (RFC 8446, 5.2)."""

    FINISHED: Final = 4 + HASH + 1 + TAG
    ALERT: Final = 2 + 1 + TAG

    def __init__(self, talk: Talk, label: str, hello: bytes, chain: Chain) -> None:
        self.talk = talk
        self.chain = chain
        self._hello = hello
        self._label = label
        self._random = noise("tls 1.3", label)

    @property
    def key_log(self) -> str:
        """Nothing here was encrypted with a key that could be told."""
        return ""

    def hello(self) -> None:
        """ClientHello."""
        self.talk.say(tls.record(tls.HANDSHAKE, self._hello, tls.TLS10))

    def flight(self) -> None:
        """ServerHello, then EncryptedExtensions, Certificate, CertificateVerify and Finished."""
        chain = 4 + 1 + 3 + sum(3 + len(c) + 2 for c in self.chain.certs)
        hello = tls.record(tls.HANDSHAKE, tls.server_hello(self._label, tls.TLS13, tls.AES128_13, self._hello[39:71]))
        sealed = [self._sealed(n + 1 + TAG) for n in (6, chain, 4 + 2 + 2 + 71, 4 + HASH)]
        self.talk.answer(hello + tls.record(tls.CHANGE_CIPHER, b"\x01") + b"".join(sealed))

    def finish(self) -> None:
        """The client's Finished, and the server's two tickets."""
        self.talk.say(tls.record(tls.CHANGE_CIPHER, b"\x01") + self._sealed(self.FINISHED), after=0.006)
        self.talk.answer(self._sealed(234) + self._sealed(234))

    def refuse(self, length: int = ALERT, after: float = 0.009) -> None:
        """An encrypted alert where the Finished would stand."""
        self.talk.say(tls.record(tls.CHANGE_CIPHER, b"\x01") + self._sealed(length), after)

    def request(self, data: bytes, after: float = 0.004) -> None:
        """Application data of the client."""
        self.talk.say(self._sealed(len(data) + 1 + TAG), after)

    def response(self, data: bytes, after: float | None = None) -> None:
        """Application data of the server."""
        self.talk.answer(self._sealed(len(data) + 1 + TAG), after)

    def goodbye(self, by: Who = "client", after: float = 0.003) -> None:
        """close_notify, encrypted."""
        data = self._sealed(self.ALERT)
        if by == "client":
            self.talk.say(data, after)
        else:
            self.talk.answer(data, after)

    def _sealed(self, length: int) -> bytes:
        return tls.record(tls.DATA, self._random.randbytes(length))


def prf(secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """The pseudorandom function of TLS 1.2 (RFC 5246, 5)."""
    seed = label + seed
    out, a = b"", seed
    while len(out) < length:
        a = hmac.digest(secret, a, "sha256")
        out += hmac.digest(secret, a + seed, "sha256")
    return out[:length]
