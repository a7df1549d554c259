"""The same packet through every link and tunnel: the same columns."""

import struct
import subprocess
from shutil import which

import pytest
from craft import PHONE, SERVER, address, ether, ipv4, payload, tcp, window, write_pcap
from wrap import LINKS, TUNNELS, amsdu, over_udp

from pcapkit.columns import Decoder
from pcapkit.columns.table import OK
from pcapkit.columns.table import TUNNELS as NAMES

TCP = tcp(b"hello from a phone", seq=4711)
FRAME = ether(ipv4(TCP, 6), 0x0800)


def decode(frame, link=1):
    return Decoder().decode(window([frame], link))


def check(table, row=0):
    assert table.status[row] == OK, table.unknown
    assert (table.proto[row], table.sport[row], table.dport[row], table.seq[row]) == (6, 50000, 443, 4711)
    assert payload(table, row) == b"hello from a phone"
    assert table.wire_len[row] == 18


@pytest.mark.parametrize("name", LINKS)
def test_links(name):
    link, build = LINKS[name]
    table = decode(build(FRAME), link)
    check(table)
    assert (address(table, 0, "src"), address(table, 0, "dst")) == (PHONE, SERVER)
    assert table.vlan[0] == (20 if "vlan" in name or name == "qinq" else 0)
    assert table.outer_vlan[0] == {"qinq": 100}.get(name, table.vlan[0])
    if "802.11" in name or name in ("ethernet", "sll", "sll2", "radiotap", "nflog-little", "nflog-big"):
        assert table.src_mac[0] == 0x0200000000A1


@pytest.mark.parametrize("name", TUNNELS)
def test_tunnels(name):
    tunnel, number, build = TUNNELS[name]
    table = decode(build(FRAME))
    check(table)
    assert (NAMES[table.tunnel[0]], table.tunnel_id[0]) == (tunnel, number)
    assert table.encapsulations[tunnel] == 1
    if table.version[0] == 4:
        assert (address(table, 0, "src"), address(table, 0, "dst"), table.src_hi[0]) == (PHONE, SERVER, 0)
    if name.startswith("erspan-2"):
        assert table.vlan[0] == 118


@pytest.mark.parametrize("name", TUNNELS)
def test_tunnels_in_vxlan_keep_the_outermost_name(name):
    _, _, build = TUNNELS[name]
    table = decode(over_udp(struct.pack(">II", 0x08000000, 7 << 8) + build(FRAME), 4789))
    check(table)
    assert (NAMES[table.tunnel[0]], table.tunnel_id[0]) == ("vxlan", 7)


def test_further_packets_of_an_aggregate_are_rows():
    frames = [ether(ipv4(tcp(text, seq=seq), 6), 0x0800) for seq, text in ((1, b"one"), (2, b"two!"), (3, b"three"))]
    table = decode(amsdu(*frames), 105)
    assert table.frame.tolist() == [1, 1, 1]
    assert [payload(table, row) for row in range(3)] == [b"one", b"two!", b"three"]
    assert table.src_mac.tolist() == [0x0200000000A1] * 3


UNREAD = {
    "hp-erm", "nflog-big", "ttag", "aruba", "pktap", "macsec-clear", "802.11-marked", "tzsp-802.11", "capwap", "erspan-3-ip", "mpls-ethernet", "mpls-control-word",
}  # fmt: skip
"""tshark reads these with other settings only, or not at all."""


@pytest.mark.tshark
@pytest.mark.skipif(which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("group", ["links", "tunnels"])
def test_tshark_reads_the_wrappings_alike(group, tmp_path):
    cases = {n: c for n, c in LINKS.items() if n not in UNREAD} if group == "links" else {n: (1, c[2]) for n, c in TUNNELS.items() if n not in UNREAD}
    for link in {link for link, _ in cases.values()}:
        names = [name for name, case in cases.items() if case[0] == link]
        path = tmp_path / f"{link}.pcap"
        write_pcap(path, [cases[name][1](FRAME) for name in names], link)
        command = ["tshark", "-n", "-r", str(path), "-d", "udp.port==5000,peekremote", "-T", "fields", "-e", "tcp.seq_raw", "-e", "tcp.len"]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        assert dict(zip(names, found, strict=True)) == dict.fromkeys(names, "4711\t18")
