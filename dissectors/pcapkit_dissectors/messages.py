"""Every message that a dissector can give, with the field names of the public event contract.

Fields that the contract names are spelled as there; the others serve the diagnosis. Fields whose name begins with ``raw_`` are never printed
(certificate bytes, bodies, header values that may hold secrets).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

# ---------------------------------------------------------------- DNS (RFC 1035; mDNS RFC 6762; LLMNR RFC 4795)


class Record(NamedTuple):
    """A resource record. ``data``: an address, a name, ``priority weight port target`` for SRV, a tuple of strings for TXT, else hex."""

    name: str
    type: str
    ttl: int
    data: str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dns:
    """A DNS message. Names keep the case of the wire, without the final dot; the root is ``""``."""

    TYPE: ClassVar[str] = "dns"

    proto: str
    id: int
    opcode: int
    response: bool
    rcode: int | None
    truncated: bool
    qname: str
    qtype: str
    questions: tuple[tuple[str, str], ...] = ()
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    authoritative: bool = False
    additional: tuple[Record, ...] = ()


# ---------------------------------------------------------------- TLS (RFC 8446, 5246)


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offers (RFC 8446, 4.1.2). GREASE values (RFC 8701) are kept in the lists as sent."""

    TYPE: ClassVar[str] = "tls.client_hello"

    legacy_version: int
    versions: tuple[int, ...]
    sni: str | None
    alpn: tuple[str, ...]
    ciphers: tuple[int, ...]
    ja3: str
    ja4: str
    extensions: tuple[int, ...] = ()
    session_id: bytes = b""
    raw_random: bytes = b""
    offers_resumption: bool = False


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose. ``version`` is the one negotiated; ``hello_retry`` marks a HelloRetryRequest (RFC 8446, 4.1.4)."""

    TYPE: ClassVar[str] = "tls.server_hello"

    legacy_version: int
    version: int
    cipher: int
    alpn: tuple[str, ...]
    ja3s: str
    hello_retry: bool
    session_id: bytes = b""
    raw_random: bytes = b""
    psk: bool = False
    extensions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate message, in the order sent. ``certs`` are SHA-256 of each DER, ``raw_der`` the bytes."""

    TYPE: ClassVar[str] = "tls.certificate"

    certs: tuple[str, ...]
    sizes: tuple[int, ...]
    raw_der: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that can be read: sent in clear, or decrypted."""

    TYPE: ClassVar[str] = "tls.alert"

    level: int
    description: int


@dataclass(frozen=True, slots=True)
class ChangeCipherSpec:
    """What this side sends from here on is protected (RFC 5246, 7.1)."""

    TYPE: ClassVar[str] = "tls.ccs"


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A protected record: its outer content type (20-23) and payload length. Only the first few of each direction are told."""

    TYPE: ClassVar[str] = "tls.encrypted"

    content_type: int
    length: int


@dataclass(frozen=True, slots=True)
class HandshakeMessage:
    """Any other handshake message in clear (ServerHelloDone 14, CertificateRequest 13, …), by its number."""

    TYPE: ClassVar[str] = "tls.handshake"

    msg_type: int
    length: int


@dataclass(frozen=True, slots=True)
class TlsKeys:
    """Whether the given keys open this conversation. ``status``: ``matched``, ``failed`` (keys there are, but they do not fit) or ``missing``.

    ``detail`` says in words what is missing or does not fit. Told once for each status, at the first protected record that shows it.
    """

    TYPE: ClassVar[str] = "tls.keys"

    status: str
    detail: str


# ---------------------------------------------------------------- HTTP (RFC 9110, 9112; RFC 9113 with stream_id)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request. ``uri`` is the target as sent. ``body_len``/``body_sha256`` count the body after dechunking and content decoding."""

    TYPE: ClassVar[str] = "http.request"

    method: str
    uri: str
    version: str
    host: str | None
    user_agent: str | None
    content_type: str | None
    content_length: int | None
    body_len: int | None = None
    body_sha256: str | None = None
    raw_headers: tuple[tuple[str, str], ...] = ()
    raw_body: bytes | None = None
    stream_id: int | None = None
    body_note: str | None = None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response; ``request_frame`` names the frame of its request."""

    TYPE: ClassVar[str] = "http.response"

    status: int
    reason: str
    version: str
    content_type: str | None
    location: str | None
    server: str | None
    www_authenticate: tuple[str, ...]
    content_length: int | None
    body_len: int | None = None
    body_sha256: str | None = None
    request_frame: int | None = None
    raw_headers: tuple[tuple[str, str], ...] = ()
    raw_body: bytes | None = None
    stream_id: int | None = None
    body_note: str | None = None


@dataclass(frozen=True, slots=True)
class Http2Request(HttpRequest):
    """A request of HTTP/2 (RFC 9113), always with ``stream_id``. What a late start of the capture hides is ``""``, the event not complete."""

    TYPE: ClassVar[str] = "http2.request"


@dataclass(frozen=True, slots=True)
class Http2Response(HttpResponse):
    """A response of HTTP/2 (RFC 9113). ``status`` is 0 where a late start of the capture hides it, the event not complete."""

    TYPE: ClassVar[str] = "http2.response"


# ---------------------------------------------------------------- DHCPv4 (RFC 2131, 2132), ICMP (RFC 792, 4443), ARP and ND


@dataclass(frozen=True, slots=True)
class Dhcp:
    """A DHCPv4 message with the options that tell devices apart (RFC 2132)."""

    TYPE: ClassVar[str] = "dhcp"

    xid: int
    message_type: int
    client_mac: str
    hostname: str | None
    yiaddr: str | None
    ciaddr: str | None
    requested_ip: str | None
    server_id: str | None
    dns_servers: tuple[str, ...]
    domain: str | None
    vendor_class: str | None
    parameters: tuple[int, ...] = ()
    client_id: str | None = None
    fqdn: str | None = None
    lease_s: int | None = None


class Quoted(NamedTuple):
    """The packet inside an ICMP error, as far as it is quoted. ``seq`` is the TCP sequence number."""

    src: str
    dst: str
    transport: str
    sport: int | None
    dport: int | None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class IcmpError:
    """``code_name`` says type and code in words. ``mtu`` only with fragmentation needed / packet too big, ``gateway`` only with redirects."""

    TYPE: ClassVar[str] = "icmp.error"

    icmp_type: int
    icmp_code: int
    quoted: Quoted | None
    code_name: str = ""
    mtu: int | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An address shown to belong to a MAC: ARP (RFC 826) sender, or neighbour discovery (RFC 4861) target or source link-layer option."""

    TYPE: ClassVar[str] = "neighbour"

    mac: str
    address: str
    source: str


# ---------------------------------------------------------------- autodiscover


class Link(NamedTuple):
    """A link of a Lync/SfB answer (MS-OCDISCWS 2.2.5.5): ``token`` such as ``Internal/Mcx``, ``href`` as sent."""

    token: str
    href: str


@dataclass(frozen=True, slots=True)
class LyncAnswer:
    """A Lync/SfB discovery answer: XML, JSON of 2010, or HAL. ``resource``: root, domain, user, applications or None.

    ``faults``: what had to be tolerated or is missing, in words (typographic quotes, href without scheme, …).
    """

    TYPE: ClassVar[str] = "autodiscover.response"

    form: str
    access_location: str | None
    resource: str | None
    links: tuple[Link, ...]
    sip: tuple[tuple[str, str, int | None], ...] = ()
    faults: tuple[str, ...] = ()
    service: ClassVar[str] = "lync"


@dataclass(frozen=True, slots=True)
class ExchangeAnswer:
    """An Exchange answer: POX (outlook or mobilesync schema), SOAP, or v2 JSON. ``action``: settings, redirect_addr, redirect_url or error."""

    TYPE: ClassVar[str] = "autodiscover.response"

    form: str
    action: str
    urls: tuple[tuple[str, str], ...] = ()
    redirect: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    faults: tuple[str, ...] = ()
    service: ClassVar[str] = "exchange"


@dataclass(frozen=True, slots=True)
class ExchangeRequest:
    """An Exchange discovery request body: the address asked for and the schema."""

    TYPE: ClassVar[str] = "autodiscover.request"

    form: str
    email: str | None
    schema: str | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An answer of a discovery URL that is not a discovery document. ``html`` tells a web page."""

    TYPE: ClassVar[str] = "autodiscover.response"

    reason: str
    html: bool = False
    faults: tuple[str, ...] = field(default_factory=tuple)
