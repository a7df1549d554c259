"""Real TLS conversations in memory: OpenSSL on both ends by way of Python's ssl, with its own key log. No network, no fixed secrets."""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pcapkit_dissectors._api import Context, Event, Stamp
from pcapkit_dissectors.keylog import KeyLog
from pcapkit_dissectors.tls_record import DISSECTOR

REQUEST = b"GET /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: autodiscover.example.com\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n<a>true</a>"
NO_EXTENDED_MASTER_SECRET = 1 << 0
NO_ENCRYPT_THEN_MAC = 1 << 19
NO_TICKET = ssl.OP_NO_TICKET


@lru_cache(maxsize=2)
def identity(kind: str) -> tuple[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]:
    """A self-signed certificate with its key, as the path of a PEM file, and the key."""
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "autodiscover.example.com")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("autodiscover.example.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = Path(tempfile.mkdtemp()) / "identity.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path), key


@dataclass
class Talk:
    """What went over the wire, in order, by direction, and the key log of it."""

    flow: list[tuple[int, bytes]] = field(default_factory=list)
    keylog: bytes = b""
    session: ssl.SSLSession | None = None

    def stream(self, direction: int) -> bytes:
        return b"".join(data for way, data in self.flow if way == direction)


class Party:
    """Client and server contexts that outlive a conversation, so that sessions can be resumed."""

    def __init__(
        self,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
        ciphers: str | None = None,
        kind: str = "rsa",
        options: int = 0,
        alpn: Sequence[str] = (),
    ) -> None:
        self._folder = Path(tempfile.mkdtemp())
        self.client, self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.client.check_hostname, self.client.verify_mode = False, ssl.CERT_NONE
        self.server.load_cert_chain(identity(kind)[0])
        for context in (self.client, self.server):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = version
            context.set_ciphers(f"{ciphers or 'DEFAULT'}:@SECLEVEL=0")
            context.options |= options
            if alpn:
                context.set_alpn_protocols(list(alpn))

    def talk(self, chunks: Sequence[tuple[int, bytes]] = ((0, REQUEST), (1, RESPONSE)), session: ssl.SSLSession | None = None) -> Talk:
        """A handshake, the chunks of data, and a close by both."""
        log = self._folder / "keys"
        log.unlink(missing_ok=True)
        self.client.keylog_filename = str(log)
        talk = Talk()
        pipes = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(2)]
        ends = [
            self.client.wrap_bio(*pipes[0], server_hostname="autodiscover.example.com", session=session),
            self.server.wrap_bio(*pipes[1], server_side=True),
        ]

        def carry() -> bool:
            moved = False
            for way in (0, 1):
                if data := pipes[way][1].read():
                    talk.flow.append((way, data))
                    pipes[1 - way][0].write(data)
                    moved = True
            return moved

        def until(step: object) -> None:
            for _ in range(20):
                try:
                    step()  # type: ignore[operator]
                except ssl.SSLWantReadError:
                    carry()
                else:
                    break

        pending = [ends[0].do_handshake, ends[1].do_handshake]
        for _ in range(20):
            for step in list(pending):
                try:
                    step()
                    pending.remove(step)
                except ssl.SSLWantReadError:
                    pass
                carry()
        assert not pending
        for way, data in chunks:
            ends[way].write(data)
            carry()
            until(lambda way=way: ends[1 - way].read(65536))
        talk.session = ends[0].session
        for end in ends:
            try:
                end.unwrap()
            except ssl.SSLWantReadError:
                carry()
        carry()
        talk.keylog = log.read_bytes() if log.exists() else b""
        return talk


def opened(flow: Sequence[tuple[int, bytes | int]], keylog: bytes | KeyLog, *, full: bool = True) -> list[Event]:
    """Events of a conversation with these keys; numbers in the flow are gaps."""
    if isinstance(keylog, bytes):
        keys = KeyLog()
        keys.read(keylog)
    else:
        keys = keylog
    conversation = DISSECTOR.start(Context(full=full, keys=keys))
    events: list[Event] = []
    for frame, (direction, item) in enumerate(flow, 1):
        if conversation.done:
            break
        if isinstance(item, int):
            events += conversation.gap(direction, item)
        else:
            events += conversation.feed(direction, item, Stamp(frame, frame * 10**9))
    if not conversation.done:
        events += [*conversation.end(0), *conversation.end(1)]
    return events
