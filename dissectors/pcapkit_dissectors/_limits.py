"""Bounds of single messages. ``pcapkit.limits`` shows them together with its own."""

from __future__ import annotations

from typing import Final

DNS_NAME: Final = 255
DNS_HOPS: Final = 64
DNS_RECORDS: Final = 512
IP6_EXTENSIONS: Final = 16
TLS_HANDSHAKE: Final = 256 * 1024
TLS_CERTS: Final = 32
TLS_CERT_BYTES: Final = 64 * 1024
TLS_SECRETS: Final = 200_000
TLS_SESSIONS: Final = 20_000
HTTP_LINE: Final = 16 * 1024
HTTP_HEADERS: Final = 200
HTTP_HEADER_BYTES: Final = 64 * 1024
HTTP_PENDING: Final = 1_024
HTTP2_TABLE: Final = 256 * 1024
BODY_BYTES: Final = 1024 * 1024
BODY_RATIO: Final = 100
BODY_RATIO_FLOOR: Final = 64 * 1024
BODY_LAYERS: Final = 2
DOC_BYTES: Final = 256 * 1024
JSON_DEPTH: Final = 64
XML_DEPTH: Final = 64
XML_NODES: Final = 20_000
DOC_LINKS: Final = 512
MAX_PROBLEMS_PER_FLOW: Final = 100
EVENT_FRAMES: Final = 4_096
