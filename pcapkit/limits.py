"""Every bound and every threshold, in two tables: what the program can bear, and what the rules call late, short or few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pcapkit_dissectors._limits import (
    BODY_BYTES,
    BODY_LAYERS,
    BODY_RATIO,
    BODY_RATIO_FLOOR,
    DNS_HOPS,
    DNS_NAME,
    DNS_RECORDS,
    DOC_BYTES,
    DOC_LINKS,
    EVENT_FRAMES,
    HTTP2_TABLE,
    HTTP_HEADER_BYTES,
    HTTP_HEADERS,
    HTTP_LINE,
    HTTP_PENDING,
    IP6_EXTENSIONS,
    JSON_DEPTH,
    MAX_PROBLEMS_PER_FLOW,
    TLS_CERT_BYTES,
    TLS_CERTS,
    TLS_HANDSHAKE,
    TLS_SECRETS,
    TLS_SESSIONS,
    XML_DEPTH,
    XML_NODES,
)

KIB: Final = 1024
MIB: Final = 1024 * KIB

WINDOW_BYTES: Final = 16 * MIB
MAX_PACKET: Final = 262_144
MAX_BLOCK: Final = 16 * MIB
MAX_INTERFACES: Final = 65_536
MAX_SECTIONS: Final = 4_096
UNPACK_LAYERS: Final = 2
UNPACK_MEMORY: Final = 160 * MIB
UNPACK_RATIO: Final = 500
UNPACK_RATIO_FLOOR: Final = 64 * MIB
MAX_COMMENTS: Final = 1_000
MAX_NAMES: Final = 65_536
SECRET_BYTES: Final = 16 * MIB
MAX_L2_TAGS: Final = 8
MAX_TUNNELS: Final = 4
MAX_IP6_EXT: Final = 16
MAX_FRAG_DATAGRAMS: Final = 4_096
FRAG_BYTES: Final = 32 * MIB
FRAG_TIMEOUT_NS: Final = 30 * 10**9
MAX_STREAMS: Final = 20_000
BODY_SEEN: Final = 4 * KIB
STREAM_DEPTH: Final = MIB
STREAM_DEPTH_OTHER: Final = 64 * KIB
STREAM_MEMORY: Final = 256 * MIB
STREAM_WINDOW: Final = MIB
STREAM_SEGMENTS: Final = 2_048
MAX_DEVICES: Final = 65_536
MAX_WLAN_EVENTS: Final = 65_536
NAMES_PER_DEVICE: Final = 4_096
MAX_FLOWS: Final = 1_000_000
FLOW_MEMORY: Final = 240 * MIB
CNAME_DEPTH: Final = 16
VERIFY_CERTS: Final = 16
RSA_BITS: Final = (512, 16_384)
FIELD_CHARS: Final = 512
FINDINGS_PER_RULE_DEVICE: Final = 100
FINDINGS: Final = 10_000

__all__ = [
    "BODY_BYTES", "BODY_LAYERS", "BODY_RATIO", "BODY_RATIO_FLOOR", "BODY_SEEN", "CNAME_DEPTH", "DNS_HOPS", "DNS_NAME", "DNS_RECORDS", "DOC_BYTES",
    "DOC_LINKS", "EVENT_FRAMES", "FIELD_CHARS", "FINDINGS", "FINDINGS_PER_RULE_DEVICE", "FLOW_MEMORY", "FRAG_BYTES", "FRAG_TIMEOUT_NS", "HTTP2_TABLE",
    "HTTP_HEADERS", "HTTP_HEADER_BYTES", "HTTP_LINE", "HTTP_PENDING", "IP6_EXTENSIONS", "JSON_DEPTH", "MAX_BLOCK", "MAX_COMMENTS", "MAX_DEVICES",
    "MAX_FLOWS", "MAX_FRAG_DATAGRAMS", "MAX_INTERFACES", "MAX_IP6_EXT", "MAX_L2_TAGS", "MAX_NAMES", "MAX_PACKET", "MAX_PROBLEMS_PER_FLOW",
    "MAX_SECTIONS", "MAX_STREAMS", "MAX_TUNNELS", "MAX_WLAN_EVENTS", "NAMES_PER_DEVICE", "RSA_BITS", "SECRET_BYTES", "STREAM_DEPTH",
    "STREAM_DEPTH_OTHER", "STREAM_MEMORY", "STREAM_SEGMENTS", "STREAM_WINDOW", "TLS_CERTS", "TLS_CERT_BYTES", "TLS_HANDSHAKE", "TLS_SECRETS",
    "TLS_SESSIONS", "UNPACK_LAYERS", "UNPACK_MEMORY", "UNPACK_RATIO", "UNPACK_RATIO_FLOOR", "VERIFY_CERTS", "WINDOW_BYTES", "XML_DEPTH", "XML_NODES",
    "Thresholds",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the rules call late, short or few (docs/domain.md, 11). Each can be changed in the configuration under ``[thresholds]``."""

    syn_min: int = 2
    syn_wait_s: float = 3.0
    rst_gateway_rtt: float = 0.5
    stall_wait_s: float = 3.0
    dns_wait_s: float = 3.0
    dns_wait_single_s: float = 5.0
    reject_close_s: float = 5.0
    prompt_wait_s: float = 3.0
    appdata_min: int = 40
    fallback_window_s: float = 30.0
    session_idle_s: float = 120.0
    guess_window_s: float = 10.0
    ttl_high_s: int = 300
    expiring_days: float = 14.0
    expiring_share: float = 0.2
    redirect_max: int = 10
    auth_loop_min: int = 3
    auth_loop_window_s: float = 60.0
    longpoll_min: int = 5
    longpoll_spread_s: float = 1.0
    uplink_min: int = 3
    uplink_window_s: float = 60.0
    one_way_share: float = 0.8
    one_way_min: int = 3
    drops_min: int = 2
    duplicates_min: int = 10
    duplicates_share: float = 0.02
