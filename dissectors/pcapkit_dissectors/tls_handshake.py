"""TLS handshake messages (RFC 8446, 4; RFC 5246, 7.4; RFC 6101 for SSL 3.0): one function a message, bytes to message.

Each ``parse_x`` takes the body, handshake header taken off, and raises ``Truncated`` or ``DissectError``. ``read_message`` is what a conversation
calls: it never raises, gives what could be read of a damaged or cut message, and says what was wrong with it.
"""

from __future__ import annotations

import hashlib
from typing import Final

from pcapkit_dissectors._api import DissectError, Malformed, Message
from pcapkit_dissectors._coding import Body
from pcapkit_dissectors._limits import TLS_CERT_BYTES, TLS_CERTS
from pcapkit_dissectors._text import text
from pcapkit_dissectors._wire import Reader
from pcapkit_dissectors.messages import Certificate, ClientHello, HandshakeMessage, ServerHello
from pcapkit_dissectors.tls_fingerprint import ja3, ja3s, ja4
from pcapkit_dissectors.tls_names import CERTIFICATE, CLIENT_HELLO, COMPRESSED_CERTIFICATE, GREASE, SERVER_HELLO, TLS13, handshake_name, is_tls13

_SERVER_NAME: Final = 0
_GROUPS: Final = 10
_POINT_FORMATS: Final = 11
_SIGNATURES: Final = 13
_ALPN: Final = 16
_SESSION_TICKET: Final = 35
_PRE_SHARED_KEY: Final = 41
_SUPPORTED_VERSIONS: Final = 43

HELLO_RETRY_RANDOM: Final = hashlib.sha256(b"HelloRetryRequest").digest()
"""What stands in ``random`` of a HelloRetryRequest (RFC 8446, 4.1.3)."""


# ---------------------------------------------------------------- ClientHello


class _ClientDraft:
    """A ClientHello while it is read: what is here when reading stops is what can be told."""

    __slots__ = (
        "alpn",
        "ciphers",
        "extensions",
        "fault",
        "formats",
        "groups",
        "random",
        "session_id",
        "signatures",
        "sni",
        "ticket",
        "version",
        "versions",
    )

    def __init__(self) -> None:
        self.version = 0
        self.random = b""
        self.session_id = b""
        self.ciphers: tuple[int, ...] = ()
        self.extensions: list[int] = []
        self.versions: tuple[int, ...] = ()
        self.groups: tuple[int, ...] = ()
        self.formats = b""
        self.signatures: tuple[int, ...] = ()
        self.sni: str | None = None
        self.alpn: list[bytes] = []
        self.ticket = False
        self.fault: DissectError | None = None

    def message(self, whole: bool) -> ClientHello:
        """The message; a fingerprint of a part would be another program's, so it has none."""
        extensions = tuple(self.extensions)
        known = [v for v in self.versions if v not in GREASE]
        best = max(known) if known else self.version
        alpn = self.alpn[0] if self.alpn else None
        return ClientHello(
            legacy_version=self.version,
            versions=self.versions,
            sni=self.sni,
            alpn=tuple(map(text, self.alpn)),
            ciphers=self.ciphers,
            ja3=ja3(self.version, self.ciphers, extensions, self.groups, self.formats) if whole else "",
            ja4=ja4(best, _SERVER_NAME in extensions, alpn, self.ciphers, extensions, self.signatures) if whole else "",
            extensions=extensions,
            session_id=self.session_id,
            raw_random=self.random,
            offers_resumption=self.ticket or _PRE_SHARED_KEY in extensions or (bool(self.session_id) and TLS13 not in self.versions),
        )


def _fill_client_hello(draft: _ClientDraft, r: Reader, cut: bool = False) -> None:
    draft.version = r.uint(2)
    draft.random = bytes(r.take(32))
    draft.session_id = bytes(r.vector(1))
    draft.ciphers = r.shorts(2)
    r.vector(1)  # compression methods
    if not r.left:  # RFC 5246, 7.4.1.2: extensions may be absent altogether
        return
    with r.block(2, cut):
        for kind, data in r.tagged():
            draft.extensions.append(kind)
            try:
                _client_extension(draft, kind, data)
            except DissectError as error:
                draft.fault = draft.fault or DissectError(f"extension {kind}: {error.reason}", r.pos)
    if r.left:
        raise DissectError(f"{r.left} bytes behind the extensions", r.pos)


def _client_extension(draft: _ClientDraft, kind: int, data: memoryview) -> None:
    if kind == _SERVER_NAME:
        draft.sni = _server_name(data)
    elif kind == _SUPPORTED_VERSIONS:
        draft.versions = Reader(data).shorts(1)
    elif kind == _ALPN:
        draft.alpn = _protocols(data)
    elif kind == _GROUPS:
        draft.groups = Reader(data).shorts(2)
    elif kind == _SIGNATURES:
        draft.signatures = Reader(data).shorts(2)
    elif kind == _POINT_FORMATS:
        draft.formats = bytes(Reader(data).vector(1))
    elif kind == _SESSION_TICKET:
        draft.ticket = len(data) > 0


def _server_name(data: memoryview) -> str | None:
    """The first name of type host_name (RFC 6066, 3). Servers answer with an empty extension, and some clients send one."""
    r = Reader(data)
    if not r.left:
        return None
    with r.block(2):
        name: str | None = None
        while r.left:
            kind, value = r.uint(1), r.vector(2)
            if kind == 0 and name is None:
                name = text(value)
    return name


def _protocols(data: memoryview) -> list[bytes]:
    """ALPN: a list of names (RFC 7301, 3.1)."""
    r = Reader(data)
    names: list[bytes] = []
    with r.block(2):
        while r.left:
            names.append(bytes(r.vector(1)))
    return names


def parse_client_hello(body: bytes | memoryview) -> ClientHello:
    """Parse a ClientHello.

    Raises:
        Truncated: the body stops inside a field.
        DissectError: a length or a field contradicts RFC 8446, 4.1.2.
    """
    draft = _ClientDraft()
    _fill_client_hello(draft, Reader(body))
    if draft.fault:
        raise draft.fault
    return draft.message(whole=True)


def _partial_client_hello(body: bytes, whole: bool) -> ClientHello | None:
    draft = _ClientDraft()
    try:
        _fill_client_hello(draft, Reader(body), cut=not whole)
    except DissectError:
        return draft.message(whole) if draft.random else None
    return draft.message(whole)


def parse_sslv2_hello(body: bytes | memoryview) -> ClientHello:
    """Parse a ClientHello in the form of SSL 2.0 (RFC 5246, appendix E.2), the two bytes of length taken off.

    Ciphers are numbers of three bytes, of which those that begin with 0 are TLS's own.

    Raises:
        Truncated: the body stops inside a field.
        DissectError: no ClientHello, or lengths that cannot be.
    """
    r = Reader(body)
    if r.uint(1) != CLIENT_HELLO:
        raise DissectError("not a ClientHello")
    version, specs, session, challenge = r.uint(2), r.uint(2), r.uint(2), r.uint(2)
    if specs % 3 or specs == 0:
        raise DissectError(f"cipher list has {specs} bytes", 3)
    ciphers = tuple(r.uint(3) for _ in range(specs // 3))
    session_id, random = bytes(r.take(session)), bytes(r.take(challenge))
    if r.left:
        raise DissectError(f"{r.left} bytes behind the hello", r.pos)
    return ClientHello(
        legacy_version=version,
        versions=(),
        sni=None,
        alpn=(),
        ciphers=ciphers,
        ja3=ja3(version, ciphers, (), (), b""),
        ja4=ja4(version, False, None, ciphers, (), ()),
        session_id=session_id,
        raw_random=random.rjust(32, b"\0")[-32:],
        offers_resumption=bool(session_id),
    )


# ---------------------------------------------------------------- ServerHello


class _ServerDraft:
    """A ServerHello while it is read."""

    __slots__ = ("alpn", "cipher", "extensions", "fault", "random", "selected", "session_id", "version")

    def __init__(self) -> None:
        self.version = 0
        self.random = b""
        self.session_id = b""
        self.cipher: int | None = None
        self.selected: int | None = None
        self.extensions: list[int] = []
        self.alpn: list[bytes] = []
        self.fault: DissectError | None = None

    def message(self, whole: bool) -> ServerHello:
        cipher, extensions = self.cipher or 0, tuple(self.extensions)
        return ServerHello(
            legacy_version=self.version,
            version=self.selected if self.selected is not None else self.version,
            cipher=cipher,
            alpn=tuple(map(text, self.alpn)),
            ja3s=ja3s(self.version, cipher, extensions) if whole else "",
            hello_retry=self.random == HELLO_RETRY_RANDOM,
            session_id=self.session_id,
            raw_random=self.random,
            psk=_PRE_SHARED_KEY in extensions,
            extensions=extensions,
        )


def _fill_server_hello(draft: _ServerDraft, r: Reader, cut: bool = False) -> None:
    draft.version = r.uint(2)
    draft.random = bytes(r.take(32))
    if is_tls13(draft.version):  # drafts of TLS 1.3 before 22 had neither session id nor compression here
        draft.cipher = r.uint(2)
    else:
        draft.session_id = bytes(r.vector(1))
        draft.cipher = r.uint(2)
        r.uint(1)  # compression method
    if not r.left:
        return
    with r.block(2, cut):
        for kind, data in r.tagged():
            draft.extensions.append(kind)
            try:
                _server_extension(draft, kind, data)
            except DissectError as error:
                draft.fault = draft.fault or DissectError(f"extension {kind}: {error.reason}", r.pos)
    if r.left:
        raise DissectError(f"{r.left} bytes behind the extensions", r.pos)


def _server_extension(draft: _ServerDraft, kind: int, data: memoryview) -> None:
    if kind == _SUPPORTED_VERSIONS:
        draft.selected = Reader(data).uint(2)
    elif kind == _ALPN:
        draft.alpn = _protocols(data)


def parse_server_hello(body: bytes | memoryview) -> ServerHello:
    """Parse a ServerHello or HelloRetryRequest (RFC 8446, 4.1.3-4.1.4; RFC 5246, 7.4.1.3).

    Raises:
        Truncated: the body stops inside a field.
        DissectError: a length or a field contradicts the RFC.
    """
    draft = _ServerDraft()
    _fill_server_hello(draft, Reader(body))
    if draft.fault:
        raise draft.fault
    return draft.message(whole=True)


def _partial_server_hello(body: bytes, whole: bool) -> ServerHello | None:
    draft = _ServerDraft()
    try:
        _fill_server_hello(draft, Reader(body), cut=not whole)
    except DissectError:
        return draft.message(whole) if draft.cipher is not None else None
    return draft.message(whole)


def parse_encrypted_extensions(body: bytes | memoryview) -> tuple[tuple[str, ...], bool]:
    """Parse EncryptedExtensions (RFC 8446, 4.3.1): the protocol chosen by ALPN, and whether early data was accepted.

    Raises:
        Truncated: the body stops inside a field.
        DissectError: a length contradicts the RFC.
    """
    r = Reader(body)
    alpn: list[bytes] = []
    early = False
    with r.block(2):
        for kind, data in r.tagged():
            if kind == _ALPN:
                alpn = _protocols(data)
            early = early or kind == 42
    return tuple(map(text, alpn)), early


# ---------------------------------------------------------------- what only keys ask for


def compression_of(body: bytes) -> int:
    """The compression method of a whole ServerHello, 0 for none (RFC 5246, 7.4.1.3)."""
    at = 34 + 1 + (body[34] if len(body) > 34 else 0) + 2
    return body[at] if len(body) > at and not is_tls13(int.from_bytes(body[:2], "big")) else 0


def offered_ticket(body: bytes) -> bytes:
    """The session ticket in a ClientHello (RFC 5077, 3.2), empty if there is none."""
    try:
        r = Reader(body, 34)
        r.vector(1)
        r.vector(2)
        r.vector(1)
        with r.block(2):
            return next((bytes(data) for kind, data in list(r.tagged()) if kind == _SESSION_TICKET), b"")
    except DissectError:
        return b""


def issued_ticket(body: bytes) -> bytes:
    """The ticket in a NewSessionTicket up to TLS 1.2 (RFC 5077, 3.3), behind its lifetime."""
    return body[6 : 6 + int.from_bytes(body[4:6], "big")]


# ---------------------------------------------------------------- Certificate


def _fill_certificate(chain: list[bytes], r: Reader, tls13: bool, cut: bool = False) -> None:
    if tls13:
        r.vector(1)  # certificate_request_context
    with r.block(3, cut):
        while r.left:
            if len(chain) == TLS_CERTS:
                raise DissectError(f"more than {TLS_CERTS} certificates", r.pos)
            der = r.vector(3)
            if not 0 < len(der) <= TLS_CERT_BYTES:
                raise DissectError(f"certificate of {len(der)} bytes", r.pos)
            chain.append(bytes(der))
            if tls13:
                r.vector(2)  # extensions of this certificate
    if r.left:
        raise DissectError(f"{r.left} bytes behind the certificates", r.pos)


def _certificate(chain: list[bytes]) -> Certificate:
    hashes = tuple([hashlib.sha256(der).hexdigest() for der in chain])
    return Certificate(certs=hashes, sizes=tuple(map(len, chain)), raw_der=tuple(chain))


def parse_certificate(body: bytes | memoryview, tls13: bool = False) -> Certificate:
    """Parse a Certificate message of either side (RFC 5246, 7.4.2; RFC 8446, 4.4.2). The DER stays unread.

    Raises:
        Truncated: the body stops inside a certificate.
        DissectError: lengths contradict each other, or a limit is passed.
    """
    chain: list[bytes] = []
    _fill_certificate(chain, Reader(body), tls13)
    return _certificate(chain)


def _partial_certificate(body: bytes, whole: bool, tls13: bool) -> Certificate | None:
    """The certificates that stand whole before the damage; a cut message that shows none of them is no statement about a chain."""
    chain: list[bytes] = []
    try:
        _fill_certificate(chain, Reader(body), tls13, cut=not whole)
    except DissectError:
        return _certificate(chain) if chain else None
    return _certificate(chain) if chain or whole else None


_COMPRESSIONS: Final = {1: "deflate", 2: "br", 3: "zstd"}


def read_compressed_certificate(body: bytes) -> tuple[Message, Malformed | None]:
    """Read a CompressedCertificate (RFC 8879, 4): the Certificate in it, or what is wrong with it."""
    try:
        r = Reader(body)
        algorithm, size = r.uint(2), r.uint(3)
        unpacked = Body(_COMPRESSIONS.get(algorithm, f"algorithm {algorithm}"), keep=True)
        unpacked.feed(bytes(r.vector(3)))
        facts = unpacked.facts()
        if facts.raw is None or len(facts.raw) != size:
            raise DissectError(facts.note or "not of the length that it tells", r.pos)
        return parse_certificate(facts.raw, tls13=True), None
    except DissectError as error:
        wrong = Malformed("tls", f"compressed certificate: {error.reason}", error.offset, cut=False)
        return HandshakeMessage(COMPRESSED_CERTIFICATE, len(body)), wrong


# ---------------------------------------------------------------- any message


def read_message(kind: int, body: bytes, whole: bool, tls13: bool = False) -> tuple[Message, Malformed | None]:
    """Read a handshake message of type ``kind``, of which ``body`` may be only the beginning (``whole`` False).

    Gives the message, or ``HandshakeMessage`` where nothing of it could be read, and what the *sender* did wrong.
    """
    try:
        if kind == CLIENT_HELLO:
            return parse_client_hello(body), None
        if kind == SERVER_HELLO:
            return parse_server_hello(body), None
        if kind == CERTIFICATE:
            return parse_certificate(body, tls13), None
    except DissectError as error:
        part = _part(kind, body, whole, tls13) or HandshakeMessage(kind, len(body))
        # A body that has all its bytes and still stops inside a field lies about a length: the sender's fault, not the capture's.
        wrong = Malformed("tls", f"{handshake_name(kind)}: {error.reason}", error.offset, cut=False) if whole else None
        return part, wrong
    return HandshakeMessage(kind, len(body)), None


def _part(kind: int, body: bytes, whole: bool, tls13: bool) -> Message | None:
    if kind == CLIENT_HELLO:
        return _partial_client_hello(body, whole)
    if kind == SERVER_HELLO:
        return _partial_server_hello(body, whole)
    return _partial_certificate(body, whole, tls13)
