"""Compressed captures: by content, streamed, bounded, and as far as the damage."""

import bz2
import contextlib
import gzip
import lzma
import random
import resource
import zlib

import lz4.frame
import pytest
import zstandard
from craft_capture import START_NS, Packet, codes, pcap, read

from pcapkit.capture import NotACapture, open_capture
from pcapkit.capture.packed import Unpacked, compression
from pcapkit.limits import MIB, UNPACK_RATIO

PACK = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "lz4": lz4.frame.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
RANDOM = random.Random(7)
PACKETS = [Packet(RANDOM.randbytes(700) + bytes(300), START_NS + i * 1_000) for i in range(300)]
CAPTURE = pcap(PACKETS)


class Memory:
    """An input that gives ``step`` bytes at a time, and None before each of them if it is ``slow``."""

    def __init__(self, data, step=1 << 30, slow=False):
        self.data, self.step, self.slow, self.pause = data, step, slow, False
        self.position, self.size, self.troubles = 0, len(data), []

    def readinto(self, room):
        self.pause = self.slow and not self.pause
        if self.pause:
            return None
        n = min(len(room), self.step, len(self.data) - self.position)
        room[:n] = self.data[self.position : self.position + n]
        self.position += n
        return n

    def close(self):
        pass


def unpack(data, room=1_000, **options):
    inner = Memory(data, **options)
    unpacked, out, buffer = Unpacked(inner, compression(data)), bytearray(), bytearray(room)
    while (n := unpacked.readinto(memoryview(buffer))) != 0:
        out += buffer[: n or 0]
    return bytes(out), inner.troubles


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("options", [{}, {"step": 7}, {"step": 1_000, "slow": True}])
def test_any_pieces_give_the_whole(kind, options):
    data = CAPTURE[:20_000]
    assert unpack(PACK[kind](data), **options) == (data, [])


@pytest.mark.parametrize("kind", PACK)
def test_members_one_behind_the_other_are_one_capture(kind):
    data = PACK[kind](CAPTURE[:5_000]) + PACK[kind](b"") + PACK[kind](CAPTURE[5_000:])
    assert unpack(data) == (CAPTURE, [])


@pytest.mark.parametrize("kind", ["gzip", "xz", "bzip2", "lz4"])
def test_padding_and_rubbish_behind(kind):
    data = PACK[kind](CAPTURE)
    assert unpack(data + bytes(600)) == (CAPTURE, [])
    out, troubles = unpack(data + b"rubbish")
    assert (out, [code for code, _ in troubles]) == (CAPTURE, ["trailing-data"])


@pytest.mark.parametrize("kind", PACK)
def test_the_file_is_read_by_content(tmp_path, kind):
    path = tmp_path / "site.txt"
    path.write_bytes(PACK[kind](CAPTURE))
    records, capture = read(path, window_bytes=4_096)
    assert [r[6] for r in records] == [p.data for p in PACKETS]
    assert (capture.format, capture.problems) == ("pcap", ())


@pytest.mark.parametrize("kind", ["gzip", "xz"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_file_gives_what_it_holds(tmp_path, kind, share):
    path = tmp_path / "site.pcap"
    packed = PACK[kind](CAPTURE)
    path.write_bytes(packed[: int(len(packed) * share)])
    records, capture = read(path)
    assert len(records) > len(PACKETS) * share * 0.8
    assert [r[6] for r in records] == [p.data for p in PACKETS[: len(records)]]
    assert "truncated" in codes(capture)


@pytest.mark.parametrize("kind", ["bzip2", "zstd", "lz4"])
def test_a_file_cut_in_its_first_block_tells_so(tmp_path, kind):
    path = tmp_path / "site.pcap"
    path.write_bytes(PACK[kind](CAPTURE)[:300])
    with pytest.raises(NotACapture, match="cut or damaged"):
        open_capture(str(path), 0)


def test_a_damaged_gzip_tail_gives_every_byte_before_it(tmp_path):
    packed = bytearray(gzip.compress(CAPTURE))
    packed[-6] ^= 1  # the checksum
    path = tmp_path / "site.pcap.gz"
    path.write_bytes(bytes(packed))
    records, capture = read(path)
    assert len(records) == len(PACKETS)
    assert codes(capture) == ["bad-compression"]
    assert capture.problems[0].offset == len(CAPTURE)


@pytest.mark.parametrize("kind", PACK)
def test_damage_in_the_middle_never_raises(tmp_path, kind):
    path = tmp_path / "site.pcap"
    rng = random.Random(3)
    for _ in range(20):
        packed = bytearray(PACK[kind](CAPTURE))
        packed[rng.randrange(8, len(packed))] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(packed))
        with contextlib.suppress(NotACapture):
            read(path)


@pytest.mark.parametrize("kind", ["gzip", "xz", "zstd", "bzip2"])
def test_bombs_end_early_and_cost_no_memory(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("pcapkit.capture.packed.UNPACK_RATIO_FLOOR", 2 * MIB)
    path = tmp_path / "bomb"
    path.write_bytes(PACK[kind](pcap(PACKETS[:3]) + bytes(20 * MIB)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open_capture(str(path), 0, window_bytes=MIB) as source:
        assert sum(map(len, source.windows())) == 3
        capture = source.info()
    assert "limit-reached" in codes(capture)
    assert capture.packets * 16 < 2 * MIB + max(UNPACK_RATIO * path.stat().st_size, MIB)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_two_layers_are_read_and_three_are_not(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(lzma.compress(gzip.compress(CAPTURE)))
    assert len(read(path)[0]) == len(PACKETS)
    path.write_bytes(gzip.compress(lzma.compress(gzip.compress(CAPTURE))))
    with pytest.raises(NotACapture, match=r"more than 2 times \(gzip, xz, gzip\)"):
        open_capture(str(path), 0)


def test_a_dictionary_larger_than_memory_allows(tmp_path):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    path = tmp_path / "site.xz"
    path.write_bytes(lzma.compress(CAPTURE, filters=filters))
    with pytest.raises(NotACapture, match="cut or damaged"):
        open_capture(str(path), 0)


def test_raw_deflate_is_no_capture(tmp_path):
    path = tmp_path / "site.z"
    path.write_bytes(zlib.compress(CAPTURE))
    with pytest.raises(NotACapture):
        open_capture(str(path), 0)
