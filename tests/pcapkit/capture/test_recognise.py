"""What is no capture: one line that names it and says how to make one of it."""

import struct
import tarfile
import zipfile

import pytest
from craft_capture import Packet, netmon, pcap

from pcapkit.capture import NotACapture, open_capture
from pcapkit.capture.recognise import explain


def etl(size=65_536):
    """WMI_BUFFER_HEADER, then the event with TRACE_LOGFILE_HEADER."""
    head = struct.pack("<III", size, 4_096, 4_096).ljust(0x48, b"\0")
    event = struct.pack("<HBBHH", 2, 2, 0xC0, 280, 0).ljust(32, b"\0")
    return (head + event + struct.pack("<I", size)).ljust(8_192, b"\x11")


def erf():
    return b"".join(struct.pack("<Q", (1_700_000_000 + i) << 32) + struct.pack(">BBHHH", 2, 4, 80, 0, 60) + bytes(64) for i in range(4))


TSHARK = "    1 0.000000000   192.0.2.1 → 192.0.2.2    DNS 74 Standard query\n"
TCPDUMP = "19:14:02.323173 IP 192.0.2.1.53 > 192.0.2.2.5353: 1+ A? example.com. (29)\n"
HEX = "\t0x0000:  4500 0125 0001 0000 4011 79c8 0000 0000  E..%....@.y.....\n"
LINK_HEX = "\t0x0000:  ffff ffff ffff 90b1 1c99 4929 0800 4500\n"

KNOWN = {
    "empty": (b"", "empty file"),
    "zeros": (bytes(5_000), "zero bytes"),
    "ETL": (etl(), "pktmon etl2pcap site.bin --out site.pcapng"),
    "NetMon 1": (b"RTSS\1\1" + bytes(200), "editcap site.bin site.pcapng"),
    "NetMon 3": (b"GMBU\0\3" + bytes(200), "editcap site.bin site.pcapng"),
    "ERF": (erf(), "editcap site.bin site.pcapng"),
    "5Views": (b"\xaa\xaa\xaa\xaa" + bytes(100), "editcap site.bin site.pcapng"),
    "Sniffer": (b"TRSNIFF data    \x1a" + bytes(100), "editcap"),
    "HAR": (b'{"log": {"version": "1.2", "creator": {}, "entries": []}}', "HTTP archive"),
    "tshark JSON": (b'[{"_index": "x", "_source": {"layers": {}}}]', "written by tshark"),
    "a report": (b'{"schema": "pcapkit.report/1"}', "report of pcapkit"),
    "JSON": (b'{"a": 1}', "JSON"),
    "PDML": (b'<?xml version="1.0"?><pdml version="0">', "PDML"),
    "XML": (b"<?xml version='1.0'?><a/>", "XML"),
    "hex dump": (b"0000  ff ff ff ff ff ff 00 11 22 33 44 55 08 00 45 00   ......\n", "text2pcap site.bin site.pcapng"),
    "hex of a capture": (b"00000000: d4c3 b2a1 0200 0400 0000 0000 0000 0000  ....\n", "xxd -r site.bin"),
    "tcpdump": (TCPDUMP.encode() * 3, "tcpdump -w"),
    "tcpdump -x": ((TCPDUMP + HEX).encode() * 3, "text2pcap -l 101 - site.pcapng"),
    "tcpdump -xx": ((TCPDUMP + LINK_HEX).encode() * 3, "text2pcap - site.pcapng"),
    "tshark": (TSHARK.encode() * 3, "printed by tshark"),
    "tshark -V": (b"Frame 1: 60 bytes on wire (480 bits)\n", "printed by tshark"),
    "K12": (b"+---------+---------------+----------+\n", "editcap"),
    "text": (b"hello\n", "a text file"),
    "UTF-16 text": ("hello, hello".encode("utf-16"), "a text file"),
    "key log": (b"# SSL/TLS secrets log file\nCLIENT_RANDOM 00 00\n", "--keylog"),
    "PEM": (b"-----BEGIN CERTIFICATE-----\n", "--trust"),
    "ELF": (b"\x7fELF\2\1\1" + bytes(100), "ELF"),
    "PDF": (b"%PDF-1.7\n", "PDF"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
    "EVTX": (b"ElfFile\0" + bytes(100), "EVTX"),
    "cut pcap": (pcap([])[:20], "inside its header"),
    "cut snoop": (b"snoop\0\0\0\0\0", "cut in its header"),
    "pcapng without byte order": (b"\x0a\x0d\x0d\x0a" + bytes(40), "first block is damaged"),
    "unknown": (bytes(range(200, 256)) * 10, "begins with c8 c9 ca cb"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known(tmp_path, monkeypatch, name):
    data, expected = KNOWN[name]
    (tmp_path / "site.bin").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotACapture) as error:
        open_capture("site.bin", 0)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_archives(tmp_path):
    with zipfile.ZipFile(tmp_path / "site.zip", "w") as archive:
        archive.writestr("site.pcap", pcap([]))
    with tarfile.open(tmp_path / "site.tgz", "w:gz") as archive:
        archive.add(tmp_path / "site.zip", "site.zip")
    for name, expected in (("site.zip", "unzip"), ("site.tgz", "gzip-compressed: inside is a tar archive")):
        with pytest.raises(NotACapture, match=expected):
            open_capture(str(tmp_path / name), 0)


def test_the_name_is_a_hint_only_for_what_nothing_else_tells():
    assert "pktmon" in explain(b"\x99" * 100, "Site.ETL", [])
    assert "pktmon" not in explain(b"%PDF", "site.etl", [])


def test_names_are_safe_in_a_command_line():
    message = explain(b"RTSS\1\1", "a b\x1b[31m\u202e;rm -rf\n.cap", [])
    assert message.isprintable()
    assert "'a b" in message


def test_standard_input_has_no_name():
    assert "editcap FILE FILE.pcapng" in explain(b"RTSS\1\1", "-", [])


def test_folders_and_missing_files(tmp_path):
    with pytest.raises(NotACapture, match="folder without captures"):
        open_capture(str(tmp_path), 0)
    with pytest.raises(FileNotFoundError):
        open_capture(str(tmp_path / "missing.pcap"), 0)


def test_captures_are_no_strangers(tmp_path):
    for data in (pcap([Packet(b"x")]), netmon([Packet(b"x")])):
        (tmp_path / "site").write_bytes(data)
        open_capture(str(tmp_path / "site"), 0).close()
