"""What findings cite, opened in tshark by number: the frames are there, the display filter selects them and no others, and they show what is said."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache

import pytest
from sample_reports import NAMES, SAMPLES, TWINS, report

from pcapkit.model import Evidence, Finding

pytestmark = pytest.mark.tshark

FIELDS = (
    "frame.number", "frame.len", "frame.cap_len", "ip.src", "ip.dst", "ip.ttl", "tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.len", "tcp.seq_raw",
    "dns.flags.response", "dns.flags.rcode", "dns.qry.name", "dns.qry.type", "dns.a", "tls.handshake.type", "tls.handshake.extensions_server_name",
    "tls.handshake.version", "tls.record.content_type", "tls.record.opaque_type", "tls.record.length", "tls.alert_message.desc",
    "http.request.method", "http.request.uri", "http.host", "http.authorization", "http.response.code", "icmp.type", "icmp.code",
    "tcp.analysis.retransmission", "tcp.analysis.ack_lost_segment", "dhcp.type", "ip.id", "ip.proto",
)  # fmt: skip
FIN, SYN, RST, ACK = 1, 2, 4, 16
TYPES = {"A": 1, "AAAA": 28, "SRV": 33, "HTTPS": 65}
RCODES = {"SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
ICMP = {"communication administratively prohibited": (3, 13), "host unreachable": (3, 1)}


class Row:
    """A frame as tshark tells it: every occurrence of every field."""

    def __init__(self, line: str) -> None:
        values = line.rstrip("\n").split("\t")
        self.all = {field: [v for v in value.split(",") if v] for field, value in zip(FIELDS, values, strict=True)}

    def __getitem__(self, field: str) -> str:
        return self.all[field][0] if self.all[field] else ""

    def has(self, field: str, value: object) -> bool:
        return str(value) in self.all[field]

    def flags(self, mask: int) -> int:
        return int(self["tcp.flags"] or "0", 16) & mask

    def records(self, kind: int) -> bool:
        return self.has("tls.record.content_type", kind) or self.has("tls.record.opaque_type", kind)

    def ends_at(self, server: str) -> bool:
        """Sent to ``address:port``."""
        return f"{self['ip.dst']}:{self['tcp.dstport']}" == server

    def comes_from(self, server: str) -> bool:
        return f"{self['ip.src']}:{self['tcp.srcport']}" == server


def rows(name: str, wanted: str) -> list[Row]:
    """The frames that a display filter selects."""
    argv = ["tshark", "-n", "-r", str(SAMPLES / f"{name}.pcapng"), "-o", "tcp.relative_sequence_numbers:FALSE", "-Y", wanted, "-T", "fields"]
    done = subprocess.run(argv + [word for field in FIELDS for word in ("-e", field)], capture_output=True, text=True, check=True)
    return [Row(line) for line in done.stdout.splitlines()]


Show = Callable[[Row, re.Match[str]], bool]
SHOWS: list[tuple[str, Show]] = []


def shows(pattern: str) -> Callable[[Show], Show]:
    """Register what a note of this form says."""

    def add(show: Show) -> Show:
        SHOWS.append((pattern, show))
        return show

    return add


# ---------------------------------------------------------------- TCP and ICMP


@shows(r"(?:SYN|HTTPS attempt) to (\S+?:\d+)(?:, no answer)?$")
def _syn(row: Row, told: re.Match[str]) -> bool:
    return row.flags(SYN | ACK) == SYN and row.ends_at(told[1])


@shows(r"the same SYN again, after ([\d.]+) s$")
def _again(row: Row, told: re.Match[str]) -> bool:
    return row.flags(SYN | ACK) == SYN and bool(row["tcp.analysis.retransmission"])


@shows(r"the SYN behind the NAT: ([\d.]+) to ([\d.]+), no answer either$|the same SYN again, translated$")
def _translated(row: Row, told: re.Match[str]) -> bool:
    return row.flags(SYN | ACK) == SYN and row["ip.src"] == (told[1] or row["ip.src"]) and row["ip.dst"] == (told[2] or row["ip.dst"])


@shows(r"SYN-ACK(?: for it)?(?: from ([\d.]+)(?::(\d+))?)?(?:, TTL (\d+))?(?:: the connection is open)?$")
def _syn_ack(row: Row, told: re.Match[str]) -> bool:
    return row.flags(SYN | ACK) == SYN | ACK and row["ip.src"] == (told[1] or row["ip.src"]) and row["ip.ttl"] == (told[3] or row["ip.ttl"])


@shows(r"(?:control: )?(\S+:\d+) answers(?: the same device)?$")
def _answers(row: Row, told: re.Match[str]) -> bool:
    return row.flags(SYN | ACK) == SYN | ACK and row.comes_from(told[1])


@shows(r"RST answering the SYN, TTL (\d+)$")
def _reset(row: Row, told: re.Match[str]) -> bool:
    return row.flags(RST | ACK) == RST | ACK and row["ip.ttl"] == told[1]


@shows(r"the device resets ([\d.]+), which it never asked$")
def _resets(row: Row, told: re.Match[str]) -> bool:
    return row.flags(RST | ACK) == RST and row["ip.dst"] == told[1]


@shows(r"it ends: refused: RST answers the SYN$")
def _refused(row: Row, told: re.Match[str]) -> bool:
    return bool(row.flags(RST))


@shows(r"the client closes \((FIN|RST)\)$|the device gives up$|closed by the server's side after [\d.]+ s$")
def _closes(row: Row, told: re.Match[str]) -> bool:
    return bool(row.flags({"FIN": FIN, "RST": RST}.get(told[1], FIN | RST)))


@shows(r"first data of the device$")
def _first_data(row: Row, told: re.Match[str]) -> bool:
    return int(row["tcp.len"]) > 0


@shows(r"connection to port (\d+)$")
def _connection(row: Row, told: re.Match[str]) -> bool:
    return row["tcp.dstport"] == told[1]


@shows(r"ICMP from ([\d.]+): (.+)$")
def _icmp(row: Row, told: re.Match[str]) -> bool:
    return row["ip.src"] == told[1] and (int(row["icmp.type"]), int(row["icmp.code"])) == ICMP[told[2]]


# ---------------------------------------------------------------- DNS


@shows(r"DNS (A|AAAA|SRV) (\S+) to ([\d.]+)(?:, no answer)?$")
def _question(row: Row, told: re.Match[str]) -> bool:
    asked = row.has("dns.qry.type", TYPES[told[1]]) and row["dns.qry.name"] == told[2]
    return row["dns.flags.response"] in ("0", "False") and asked and row["ip.dst"] == told[3]


@shows(r"answer for (A|AAAA|SRV) (\S+): (.+)$")
def _reply(row: Row, told: re.Match[str]) -> bool:
    asked = row.has("dns.qry.type", TYPES[told[1]]) and row["dns.qry.name"] == told[2]
    says = row.has("dns.a", told[3]) if told[3][0].isdigit() else int(row["dns.flags.rcode"]) == RCODES.get(told[3], 0) and not row["dns.a"]
    return row["dns.flags.response"] in ("1", "True") and asked and says


@shows(r"DNS answer: (\S+) is ([\d.]+)$")
def _address(row: Row, told: re.Match[str]) -> bool:
    return row["dns.flags.response"] in ("1", "True") and row["dns.qry.name"] == told[1] and row.has("dns.a", told[2])


@shows(r"the device asks for (\S+) instead$")
def _instead(row: Row, told: re.Match[str]) -> bool:
    return row["dns.flags.response"] in ("0", "False") and row["dns.qry.name"] == told[1]


# ---------------------------------------------------------------- TLS


@shows(r"ClientHello (?:to (\S+:\d+) )?for ([^,]+)(?:, up to (.+))?$")
def _hello(row: Row, told: re.Match[str]) -> bool:
    to = row.ends_at(told[1]) if told[1] else True
    return row.has("tls.handshake.type", 1) and row.has("tls.handshake.extensions_server_name", told[2]) and to


@shows(r"ServerHello, TLS 1\.\d$")
def _server_hello(row: Row, told: re.Match[str]) -> bool:
    return row.has("tls.handshake.type", 2)


@shows(r"Certificate \S+, \d+ sent$")
def _certificate(row: Row, told: re.Match[str]) -> bool:
    return row.has("tls.handshake.type", 11)


@shows(r"the server's flight$")
def _flight(row: Row, told: re.Match[str]) -> bool:
    return row.has("tls.handshake.type", 14) or row.records(23)


@shows(r"(?:the client's )?alert (?:\d+ )?\w+ (?:\((\d+)\)|from the server)$")
def _alert(row: Row, told: re.Match[str]) -> bool:
    return row.records(21) and bool(row["tls.alert_message.desc"]) and told[1] in (None, row["tls.alert_message.desc"])


@shows(r"the client's first protected record has (\d+) bytes: an alert, not a Finished$")
def _protected(row: Row, told: re.Match[str]) -> bool:
    return row.records(23) and row.has("tls.record.length", told[1])


@shows(r"application data of the device: it accepted$")
def _data(row: Row, told: re.Match[str]) -> bool:
    return row.records(23)


# ---------------------------------------------------------------- HTTP


@shows(r"(GET|POST) https?://([^/]+)(/\S*)$")
def _request(row: Row, told: re.Match[str]) -> bool:
    return (
        row["http.request.method"] == told[1] and row["http.host"] == told[2] and row["http.request.uri"].partition("?")[0].lower() == told[3].lower()
    )


@shows(r"(\d{3})(?: [A-Z]\w+)+(?:, X-Ms-diagnostics .*)?$")
def _response(row: Row, told: re.Match[str]) -> bool:
    return row["http.response.code"] == told[1]


@shows(r"https?://(\S+) with (\w+): (\w+) \(value not shown\)$")
def _credentials(row: Row, told: re.Match[str]) -> bool:
    return row["http.authorization"].startswith(told[3]) and row["http.host"] in told[1]


@shows(r"(\S+) is the external web services name: .+ link$")
def _named(row: Row, told: re.Match[str]) -> bool:
    return row["http.response.code"] == "200"


# ---------------------------------------------------------------- the capture


@shows(r"cut short by the capture$")
def _cut(row: Row, told: re.Match[str]) -> bool:
    return int(row["frame.cap_len"]) < int(row["frame.len"])


@shows(r"larger than the MSS allows$")
def _large(row: Row, told: re.Match[str]) -> bool:
    return int(row["tcp.len"]) > 1460


@shows(r"the same packet again$")
def _twice(row: Row, told: re.Match[str]) -> bool:
    return bool(row["tcp.analysis.retransmission"] or row.flags(SYN | FIN) or row["tcp.len"] == "0" or row["ip.proto"] == "17")


@shows(
    r"data before this was acknowledged and never captured$|acknowledges data that is not in the capture$|first packet seen of a connection under way$"
)
def _of_tcp(row: Row, told: re.Match[str]) -> bool:
    return bool(row["tcp.flags"]) and not row.flags(SYN)


# ---------------------------------------------------------------- the tests


def frames_of(finding: Finding) -> set[int]:
    """The frames that a finding cites."""
    return {e.frame for e in finding.evidence}


def frames_in(display_filter: str) -> set[int]:
    """The frames that a filter of ours names."""
    told = re.fullmatch(r"frame\.number in \{(.+)\}", display_filter)
    assert told, display_filter
    found: set[int] = set()
    for part in told[1].split(","):
        first, _, last = part.strip().partition("..")
        found |= set(range(int(first), int(last or first) + 1))
    return found


@cache
def cited(name: str) -> dict[int, Row]:
    """Every frame that a finding of the sample's filters selects, as tshark tells it."""
    findings = report(name).findings
    if not findings:
        return {}
    return {int(row["frame.number"]): row for row in rows(name, " || ".join(f"({f.display_filter})" for f in findings))}


@pytest.mark.parametrize("name", NAMES)
def test_the_display_filter_selects_the_cited_frames_and_no_others(name):
    findings = report(name).findings
    for finding in findings:
        assert frames_in(finding.display_filter) == frames_of(finding)
    assert set(cited(name)) == set().union(*map(frames_of, findings))


@pytest.mark.parametrize("name", NAMES)
def test_the_frames_show_what_is_said_of_them(name):
    wrong = [
        f"frame {e.frame}: {part}" for f in report(name).findings for e in f.evidence for part in parts(e) if not true_of(cited(name)[e.frame], part)
    ]
    assert wrong == []


def test_copies_stand_behind_the_same_packet():
    told = rows("capture-duplicates", "ip")
    packets = {row["frame.number"]: tuple(row[f] for f in ("ip.src", "ip.dst", "ip.id", "ip.proto", "frame.len")) for row in told}
    (finding,) = [f for f in report("capture-duplicates").findings if f.code == "capture-duplicates"]
    for cited_frame in frames_of(finding):
        assert packets[str(cited_frame)] in [packet for number, packet in packets.items() if int(number) < cited_frame]


def parts(evidence: Evidence) -> list[str]:
    """One frame may show several things."""
    return evidence.note.split("; ") if "diagnostics" not in evidence.note else [evidence.note]


def true_of(row: Row, note: str) -> bool:
    """A form of note that no check knows is no truth either."""
    for pattern, show in SHOWS:
        if told := re.match(pattern, note):
            return show(row, told)
    pytest.fail(f"no check for the note {note!r}")


DIFFERENT = sorted({(SAMPLES / f"{name}.healthy.pcapng").read_bytes(): name for name in reversed(TWINS)}.values())
"""Twins that are not the same capture as another's."""


@pytest.mark.parametrize("names", [DIFFERENT[::2], DIFFERENT[1::2]], ids=("one half", "the other"))
def test_tshark_finds_nothing_wrong_with_the_packets(names):
    """Checksums, lengths, order: of the healthy captures tshark has nothing to say, and nothing is malformed anywhere."""
    checks = [word for layer in ("ip", "tcp", "udp") for word in ("-o", f"{layer}.check_checksum:TRUE")]
    for name in names:
        argv = ["tshark", "-n", "-r", str(SAMPLES / f"{name}.healthy.pcapng"), *checks, "-Y", "_ws.expert.severity >= 0x00600000 || _ws.malformed"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert done.stdout == "", f"{name}: {done.stdout}"
