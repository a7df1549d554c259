"""Written captures read as they were meant."""

import io
import shutil
import subprocess

import pytest
from craft_capture import START_NS

from pcapkit.capture import open_capture
from pcapkit.capture.writer import PcapngWriter

FRAME = bytes.fromhex("ffffffffffff020000000001080600010800060400010200000000 01c0000201000000000000c0000202".replace(" ", ""))


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "cut.pcapng"
    with path.open("wb") as out:
        writer = PcapngWriter(out, comment="pcapkit extract --finding F1", application="pcapkit 0.1")
        writer.secrets(b"CLIENT_RANDOM 00 00\n")
        writer.names({"192.0.2.1": "lyncdiscover.example.com", "2001:db8::1": "six.example.com"})
        lan = writer.interface(1, name="eth0", description="mirror port")
        raw = writer.interface(101, snaplen=96)
        writer.packet(lan, START_NS + 1, FRAME, comments=["pcapkit F1 hairpin-no-reply", "again"])
        writer.packet(raw, START_NS + 2, b"E" * 61, 1_400)
    return path


def test_round_trip(written):
    with open_capture(str(written), 0) as source:
        rows = []
        for w in source.windows():
            rows += zip(w.time_ns.tolist(), w.caplen.tolist(), w.length.tolist(), w.link_type.tolist(), w.interface.tolist(), strict=True)
        capture = source.info()
        assert source.secrets == [b"CLIENT_RANDOM 00 00\n"]
        assert source.names == {"192.0.2.1": "lyncdiscover.example.com", "2001:db8::1": "six.example.com"}
    assert rows == [(START_NS + 1, len(FRAME), len(FRAME), 1, 0), (START_NS + 2, 61, 1_400, 101, 1)]
    assert capture.comments == ("pcapkit extract --finding F1", "frame 1: pcapkit F1 hairpin-no-reply", "frame 1: again")
    assert [(i.name, i.description, i.snaplen) for i in capture.interfaces] == [("eth0", "mirror port", None), (None, None, 96)]
    assert capture.problems == ()


def test_texts_too_long_are_cut_between_characters():
    out = io.BytesIO()
    PcapngWriter(out, comment="x" + "é" * 40_000)
    assert len(out.getvalue()) < 66_000
    assert b"\xc3\0" not in out.getvalue()


def test_many_names_fill_several_blocks(tmp_path):
    path = tmp_path / "names.pcapng"
    hosts = {f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}": "n" * 60 for i in range(30_000)}
    with path.open("wb") as out:
        PcapngWriter(out).names(hosts)
    with open_capture(str(path), 0) as source:
        assert list(source.windows()) == []
        assert source.names == hosts


@pytest.mark.parametrize(("interface", "size"), [(1, 10), (-1, 10), (0, 262_145)])
def test_what_cannot_be_written_is_refused(interface, size):
    writer = PcapngWriter(io.BytesIO())
    writer.interface(1)
    with pytest.raises(ValueError, match="packet of"):
        writer.packet(interface, START_NS, bytes(size))


@pytest.mark.tshark
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_wireshark_reads_it_the_same(written):
    fields = ["frame.time_epoch", "frame.len", "frame.comment", "frame.interface_name", "_ws.malformed"]
    command = ["tshark", "-r", str(written), "-T", "fields", *(x for f in fields for x in ("-e", f))]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    assert lines[0].split("\t") == ["1700000000.000000001", str(len(FRAME)), "pcapkit F1 hairpin-no-reply,again", "eth0", ""]
    assert lines[1].split("\t")[:2] == ["1700000000.000000002", "1400"]
