"""Captures made by others: TCP packets and payload bytes of each conversation as their truth says."""

import json
from collections import Counter
from ipaddress import ip_address
from pathlib import Path

import pytest
from craft import address

from pcapkit.capture import open_capture
from pcapkit.columns import Decoder, WpaKeys
from pcapkit.columns.table import OK

CAPTURES = Path(__file__).parents[4] / "shared" / "captures"
TRUTHS = sorted((CAPTURES / "truth").glob("*.json"))
OUTER = "nfstream_6in4tunnel.pcap"
"""Its truth names the outer IPv4 addresses of TCP, and the inner IPv6 ones of everything else."""

pytestmark = [pytest.mark.shared, pytest.mark.skipif(not TRUTHS, reason="the shared captures are not there")]


def conversations(name, window_bytes=None):
    """(addresses and ports) → packets and bytes."""
    found, size = Counter(), Counter()
    keys = WpaKeys([("Coherer", "Induction")]) if "wpa" in name else None
    decoder = Decoder(wpa=keys)
    source = open_capture(str(CAPTURES / name), 0, **({"window_bytes": window_bytes} if window_bytes else {}))
    for window in source.windows():
        table = decoder.decode(window)
        for row in ((table.proto == 6) & (table.status == OK)).nonzero()[0].tolist():
            ends = sorted([(address(table, row, "src"), int(table.sport[row])), (address(table, row, "dst"), int(table.dport[row]))])
            found[tuple(ends)] += 1
            size[tuple(ends)] += int(table.wire_len[row])
    source.close()
    return found, size


def truth(path):
    found, size = Counter(), Counter()
    for event in json.loads(path.read_text())["events"]:
        if event["type"] == "tcp.connection":
            ends = tuple(sorted([(str(ip_address(event[side])), event[port]) for side, port in (("src", "sport"), ("dst", "dport"))]))
            found[ends] += event["packets"]
            size[ends] += event["bytes_fwd"] + event["bytes_rev"]
    return found, size


@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.name)
def test_tcp_conversations(path):
    name = path.name.removesuffix(".json")
    found, expected = conversations(name), truth(path)
    if name == OUTER:
        found, expected = sorted(found[0].values()), sorted(expected[0].values())
    assert found == expected


@pytest.mark.parametrize("name", ["dnscap_frags.pcap", "zeek_gre-aruba.pcap", "wireshark_wpa-Induction.pcap.gz"])
def test_small_windows_change_nothing(name):
    assert conversations(name, 4096) == conversations(name)
