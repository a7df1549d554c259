"""What an input is that is no capture, and how to make one of it: one line for the user."""

from __future__ import annotations

import re
import shlex
import struct
from typing import Final

from pcapkit.capture.packed import compression

_MAGICS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x7fELF", "a program (ELF)"),
    (0, b"MZ", "a Windows program"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"SQLite format 3", "an SQLite database"),
    (0, b"\xd0\xcf\x11\xe0", "a Microsoft Office document"),
    (0, b"\xca\xfe\xba\xbe", "a program (Mach-O or Java)"),
    (0, b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
    (0, b"#!", "a script"),
)
"""Place, bytes there, name of what holds no packets."""

_PACKED: Final[tuple[tuple[int, bytes, str, str], ...]] = (
    (0, b"PK\x03\x04", "a ZIP archive", "unzip {0}"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "7z x {0}"),
    (0, b"Rar!", "a RAR archive", "unrar x {0}"),
    (0, b"MSCF", "a Windows cabinet", "cabextract {0}"),
    (257, b"ustar", "a tar archive", "tar -xf {0}"),
    (0, b"\x1f\x9d", "a compress (.Z) file", "uncompress {0}"),
    (0, b"\x02\x21\x4c\x18", "an LZ4 file of the legacy format", "lz4 -d {0}"),
    (0, b"]\x00\x00", "an LZMA file", "unlzma {0}"),
    (0, b"LZIP", "an lzip file", "lzip -d {0}"),
    (0, b"\x89LZO", "an lzop file", "lzop -d {0}"),
)

_EDITCAP: Final[tuple[tuple[bytes, str], ...]] = (
    (b"RTSS", "a Network Monitor 1 capture"),
    (b"GMBU", "a Network Monitor capture of an unknown version"),
    (b"\xaa\xaa\xaa\xaa", "a 5Views capture"),
    (b"TRSNIFF data", "a Sniffer capture"),
    (b"XCP\x00", "a NetXray or Windows Sniffer capture"),
    (b"\x01\x10\x4c\x00", "a LANalyzer capture"),
    (b"\x05VNF", "a Visual Networks capture"),
    (b"btsnoop\x00", "a Bluetooth snoop capture"),
    (b"iptrace ", "an AIX iptrace capture"),
    (b"ObserverPktBuf", "an Observer capture"),
    (b"\x7fver", "an OmniPeek capture"),
    (b"\x54\x52\x00\x64", "an HP-UX nettl trace"),
    (b"\x00\x00\x02\x00\x12\x05\x00\x10", "a Tektronix K12 capture"),
    (b"snoop\x00\x00\x00", "a snoop capture that is cut in its header"),
)
"""Captures that Wireshark's editcap reads and we do not."""

_YEAR_1990: Final = 631_152_000
_ERF_META: Final = 27

_HEX_LINE: Final = re.compile(rb"^[ \t]*(?:0x)?([0-9a-fA-F]{4,8}):?[ \t]+((?:[0-9a-fA-F]{2,4} +){3,16})", re.MULTILINE)
_HEX_OF_CAPTURE: Final = (b"d4c3b2a1", b"a1b2c3d4", b"4d3cb2a1", b"a1b23c4d", b"0a0d0d0a")
_PAIRS: Final = (
    r"sed -nE 's/^\s*0x([0-9a-f]{{4}}): +(([0-9a-f]{{2,4}} )*[0-9a-f]{{2,4}})( .*)?$/\1 \2/p' {0}"
    r" | sed -E 's/ ([0-9a-f]{{2}})([0-9a-f]{{2}})/ \1 \2/g'"
)
"""Makes of tcpdump's hex what text2pcap wants: the offset, then byte by byte."""
_TCPDUMP_LINE: Final = re.compile(rb"^(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{6}(?:\d{3})? (?:IP6? |ARP|[0-9a-f:]{17} >)", re.MULTILINE)
_TSHARK_LINE: Final = re.compile(rb"^ *\d+ +\d+\.\d+ +\S+ +(?:\xe2\x86\x92|->|\S+) +\S+ +[A-Z]", re.MULTILINE)


def _shown(path: str) -> str:
    """A file name for a command line, and safe to show."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)
    return "FILE" if path == "-" else shlex.quote(safe)


def _stem(path: str) -> str:
    base = path if path == "-" else re.sub(r"\.[A-Za-z0-9]{1,8}$", "", path)
    return "FILE" if path == "-" else base


def explain(head: bytes, path: str, layers: list[str]) -> str:
    """One line: what this is, and the command that makes a capture of it."""
    if layers and not head:
        return f"{layers[0]} data that is cut or damaged before anything can be read: copy it again"
    deeper = compression(head)
    if deeper is not None:
        return f"a file that is compressed more than {len(layers)} times ({', '.join([*layers, deeper])}): unpack it first"
    inside = "".join(f"{layer}-compressed: inside is " for layer in layers)
    return inside + (_nothing(head) or _binary(head, path) or _text(head, path) or _unknown(head, path))


def _nothing(head: bytes) -> str | None:
    if not head:
        return "an empty file: nothing was captured"
    if not head.strip(b"\0"):
        return "nothing but zero bytes: the capture was lost, copy it again"
    return None


def _binary(head: bytes, path: str) -> str | None:
    name, pcapng = _shown(path), _shown(_stem(path) + ".pcapng")
    if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"):
        return "a pcap file that ends inside its header: there are no packets in it"
    if head[:4] == b"\x0a\x0d\x0d\x0a":
        return "a pcapng file whose first block is damaged: copy it again from where it was captured"
    if _looks_like_etl(head):
        return _etl(path)
    for magic, what in _EDITCAP:
        if head.startswith(magic):
            return f"{what}, which is not read here; convert it: editcap {name} {pcapng}"
    if _looks_like_erf(head):
        return f"an Endace ERF capture, which is not read here; convert it: editcap {name} {pcapng}"
    if head.startswith(b"ElfFile\0"):
        return "a Windows event log (EVTX): it holds no packets; capture with: pktmon start --capture"
    for at, magic, what, command in _PACKED:
        if head[at:].startswith(magic):
            return f"{what}, not a capture; unpack it: {command.format(name)}"
    for at, magic, what in _MAGICS:
        if head[at:].startswith(magic):
            return f"{what}: it holds no packets"
    return None


def _etl(path: str) -> str:
    return (
        f"a Windows event trace (ETL), not a capture; convert it on Windows: pktmon etl2pcap {_shown(path)} --out {_shown(_stem(path) + '.pcapng')}"
        " (a trace of netsh: etl2pcapng)"
    )


def _looks_like_etl(head: bytes) -> bool:
    """WMI_BUFFER_HEADER, then the first event with TRACE_LOGFILE_HEADER, which tells the buffer size again."""
    if len(head) < 0x70:
        return False
    size, saved = struct.unpack_from("<II", head)
    (again,) = struct.unpack_from("<I", head, 0x68)
    marked = head[0x4B] & 0xC0 == 0xC0 and head[0x4A] in (1, 2)
    return 1024 <= size <= 1 << 24 and size % 1024 == 0 and saved <= size and (again == size or marked)


def _looks_like_erf(head: bytes) -> bool:
    """Three records with known types, lengths that hold, and times that do not run backwards (Endace's ERF types reference)."""
    at, last = 0, 0
    for _ in range(3):
        if at + 16 > len(head):
            return at > 0 and at == len(head)
        (stamp,) = struct.unpack_from("<Q", head, at)
        kind, size, wire = struct.unpack_from(">BxHxxH", head, at + 8)
        if not 1 <= kind & 0x7F <= 48 or not 16 <= size <= 65_535 or wire > 65_535 or stamp < last:
            return False
        if stamp >> 32 < _YEAR_1990 and kind & 0x7F != _ERF_META:
            return False
        at, last = at + size, stamp
    return True


def _text(head: bytes, path: str) -> str | None:
    sample = head[:16_384]
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff"):
        sample = sample.decode("utf-16", "replace").encode()
    if not _is_text(sample):
        return None
    body = sample.removeprefix(b"\xef\xbb\xbf").lstrip()
    return _json(body) or _marked(body) or _dump(sample, path)


def _is_text(sample: bytes) -> bool:
    if sum(b < 9 or 13 < b < 32 for b in sample) > len(sample) // 100:
        return False
    return sum(b > 127 for b in sample) < len(sample) // 20 or _is_utf8(sample)


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4  # the sample ends inside a character
    return True


def _json(body: bytes) -> str | None:
    if body[:1] not in (b"{", b"["):
        return None
    if b'"log"' in body and (b'"entries"' in body or b'"creator"' in body):
        return "an HTTP archive (HAR) of a browser: it holds no packets and cannot be converted; capture on the wire: dumpcap -w site.pcapng"
    if b"pcapkit.report/" in body:
        return "a report of pcapkit: open the capture that it was made from"
    if b'"layers"' in body or b'"_source"' in body:
        return "JSON written by tshark: open the capture that it was made from"
    return "a JSON document: it holds no packets"


def _marked(body: bytes) -> str | None:
    if b"<pdml" in body or b"<psml" in body:
        return "XML written by Wireshark (PDML or PSML): open the capture that it was made from"
    if body.startswith((b"<?xml", b"<html", b"<!DOCTYPE", b"<")):
        return "an XML or HTML document: it holds no packets"
    if re.search(rb"^(CLIENT_RANDOM|CLIENT_HANDSHAKE_TRAFFIC_SECRET|CLIENT_TRAFFIC_SECRET_0|SERVER_HANDSHAKE_TRAFFIC_SECRET) ", body, re.MULTILINE):
        return "a TLS key log: give it beside a capture with --keylog"
    if body.startswith(b"-----BEGIN "):
        return "a PEM file: certificates to be trusted are given with --trust"
    return None


def _dump(sample: bytes, path: str) -> str:
    name, pcapng = _shown(path), _shown(_stem(path) + ".pcapng")
    if sample.startswith(b"+---------+"):
        return f"a K12 text capture; convert it: editcap {name} {pcapng}"
    first = _HEX_LINE.search(sample)
    if _TCPDUMP_LINE.search(sample):
        if first is None:
            return "text printed by tcpdump: it holds no packets; capture again with: tcpdump -w site.pcap"
        link = " -l 101" if first[2][:1] in b"46" else ""  # printed with -x: it begins at the IP header
        return f"text printed by tcpdump, with packets as hex; convert it: {_PAIRS.format(name)} | text2pcap{link} - {pcapng}"
    if first is not None:
        if first[2].replace(b" ", b"").lower().startswith(_HEX_OF_CAPTURE):
            return f"a hex dump of a capture file; turn it back: xxd -r {name} {_shown(_stem(path) + '.cap')}"
        return f"a hex dump, not a capture; convert it: text2pcap {name} {pcapng}"
    if _TSHARK_LINE.search(sample) or re.match(rb"Frame \d+: \d+ bytes on wire", sample):
        return "text printed by tshark or Wireshark: it holds no packets; open the capture that it was made from"
    return "a text file: it holds no packets"


def _unknown(head: bytes, path: str) -> str:
    if path.lower().endswith(".etl"):
        return _etl(path)
    return f"not a capture that is known here (it begins with {head[:8].hex(' ')}); if Wireshark opens it: editcap {_shown(path)} {_shown(_stem(path) + '.pcapng')}"
