"""Folders: the captures in them, by content, in order."""

import gzip
import os

from craft_capture import Packet, netmon, pcap, pcapng, snoop

from pcapkit.capture import expand

ONE = [Packet(b"x")]


def names(paths):
    return [os.path.basename(path) for path in paths]


def test_captures_by_content_sorted(tmp_path):
    for name, data in {
        "b.txt": pcap(ONE),
        "a.pcapng": gzip.compress(pcapng(ONE)),
        "c.cap": netmon(ONE),
        "d": snoop(ONE),
        "notes.pcap": b"not a capture",
        "empty.pcap": b"",
        ".hidden.pcap": pcap(ONE),
    }.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "deep.pcap").write_bytes(pcap(ONE))
    assert names(expand([str(tmp_path)])) == ["a.pcapng", "b.txt", "c.cap", "d"]


def test_rotating_sets_come_in_the_order_of_their_numbers(tmp_path):
    dumpcap = [f"cap_{i:05}_20231114221{i % 10}20.pcapng" for i in (1, 2, 99_999)] + ["cap_100000_20231114222020.pcapng"]
    tcpdump = ["ring.pcap", "ring.pcap1", "ring.pcap2", "ring.pcap10"]
    for name in dumpcap + tcpdump:
        (tmp_path / name).write_bytes(pcap(ONE))
    assert names(expand([str(tmp_path)])) == dumpcap + tcpdump


def test_other_paths_stay(tmp_path):
    (tmp_path / "site.pcap").write_bytes(pcap(ONE))
    empty = tmp_path / "empty"
    empty.mkdir()
    given = ["-", str(tmp_path / "missing"), str(empty), str(tmp_path / "site.pcap")]
    assert expand(given) == given


def test_pipes_and_unreadable_files_in_a_folder_do_not_stop_it(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dangling").symlink_to(tmp_path / "missing")
    (tmp_path / "site.pcap").write_bytes(pcap(ONE))
    assert names(expand([str(tmp_path)])) == ["site.pcap"]
