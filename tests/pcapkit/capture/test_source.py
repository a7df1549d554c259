"""Opening and reading: windows, pipes, growing files, being stopped, what is known on the way."""

import os
import random
import resource
import subprocess
import sys
import threading
import time

import pytest
from craft_capture import START_NS, Packet, block, codes, enhanced, interface, pcap, pcapng, read, section, snoop

from pcapkit.capture import inputs, open_capture
from pcapkit.limits import MIB

RANDOM = random.Random(11)
PACKETS = [Packet(RANDOM.randbytes(RANDOM.choice((0, 60, 60, 590, 1_500, 9_000))), START_NS + i * 1_000) for i in range(400)]
DATA = [p.data for p in PACKETS]
FORMATS = {"pcap": pcap, "pcapng": pcapng, "snoop": snoop}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(inputs, "POLL_S", 0.01)


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("window", [1, 1_024, 4_096, 10_000, 1 << 16, 1 << 24])
def test_the_window_does_not_matter(tmp_path, make, window):
    path = tmp_path / "site"
    path.write_bytes(make(PACKETS))
    records, capture = read(path, window_bytes=window)
    assert (records, capture) == read(path)
    assert [r[6] for r in records] == DATA


def test_round_trips_give_equal_records(tmp_path):
    path = tmp_path / "site"
    seen = []
    for data in (
        pcap(PACKETS),
        pcap(PACKETS, order=">"),
        pcap(PACKETS, magic=0xA1B23C4D, unit_ns=1),
        pcapng(PACKETS),
        pcapng(PACKETS, order=">", exponent=9),
        snoop(PACKETS),
    ):
        path.write_bytes(data)
        seen.append(read(path)[0])
    assert all(records == seen[0] for records in seen)


def test_many_tiny_records_come_in_windows_of_bounded_length(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap([]) + pcap([Packet(b"")])[24:] * 600_000)
    with open_capture(str(path), 3) as source:
        windows = [(len(w), w.capture, int(w.frame[0])) for w in source.windows()]
    assert sum(n for n, _, _ in windows) == 600_000
    assert max(n for n, _, _ in windows) <= 1 << 18
    assert windows[1] == (1 << 18, 3, (1 << 18) + 1)


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS)[:24] + pcap([Packet(b"x" * 1_400)])[24:] * 40_000)
    with open_capture(str(path), 0, window_bytes=MIB) as source:
        windows = source.windows()
        len(next(windows))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert sum(map(len, windows)) > 39_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024


def test_what_is_known_on_the_way(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS))
    with open_capture(str(path), 0, window_bytes=65_536) as source:
        assert source.size == path.stat().st_size
        assert source.info().packets == 0
        seen = 0
        for window in source.windows():
            seen += len(window)
            assert source.info().packets == seen
            assert 0 < source.position <= source.size
        assert source.position == source.size
        assert (source.secrets, source.names, source.info().path) == ([], {}, str(path))


def test_stop_ends_between_windows_without_a_problem(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS))
    windows = []
    with open_capture(str(path), 0, window_bytes=65_536, stop=lambda: len(windows) == 2) as source:
        windows.extend(source.windows())
        assert len(windows) == 2
        assert source.info().problems == ()
        assert source.info().packets == int(windows[-1].frame[-1])


def test_reading_can_be_broken_off_and_taken_up_again(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS))
    with open_capture(str(path), 0, window_bytes=65_536) as source:
        first = len(next(source.windows()))
        assert first + sum(map(len, source.windows())) == len(PACKETS)


SCRIPT = """
import sys
from pcapkit.capture import open_capture
with open_capture("-", 0) as source:
    n = sum(len(w) for w in source.windows())
    print(n, source.size, source.info().packets, [p.code for p in source.info().problems], flush=True)
"""


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_standard_input(make):
    done = subprocess.run([sys.executable, "-c", SCRIPT], input=make(PACKETS), capture_output=True, check=True)
    assert done.stdout.decode().split() == [str(len(PACKETS)), "None", str(len(PACKETS)), "[]"]


def test_standard_input_from_a_file_has_a_size(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS))
    with path.open("rb") as file:
        done = subprocess.run([sys.executable, "-c", SCRIPT], stdin=file, capture_output=True, check=True)
    assert done.stdout.decode().split()[:2] == [str(len(PACKETS)), str(path.stat().st_size)]


class Reading(threading.Thread):
    """Reads a capture in another thread, as a live view does."""

    def __init__(self, path, **options):
        super().__init__(daemon=True)
        self.path, self.options = path, options
        self.stopped, self.frames, self.capture, self.error = False, 0, None, None
        self.start()

    def run(self):
        try:
            with open_capture(str(self.path), 0, stop=lambda: self.stopped, **self.options) as source:
                for window in source.windows():
                    self.frames += len(window)
                self.capture = source.info()
        except Exception as error:
            self.error = error

    def wait_for(self, frames):
        until = time.monotonic() + 5
        while self.frames < frames and self.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        assert self.error is None
        assert self.frames == frames

    def end(self):
        self.join(5)
        assert not self.is_alive()
        assert self.error is None
        return self.capture


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_a_pipe_hands_on_what_came(tmp_path, make):
    path, data = tmp_path / "fifo", make(PACKETS[:3])
    os.mkfifo(path)
    reading = Reading(path)
    with path.open("wb", buffering=0) as pipe:
        pipe.write(data[:-1])
        reading.wait_for(2)
        pipe.write(data[-1:])
        reading.wait_for(3)
    assert reading.end().problems == ()


def test_a_pipe_that_ends_inside_a_record(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reading = Reading(path)
    with path.open("wb", buffering=0) as pipe:
        pipe.write(pcap(PACKETS[1:3])[:-5])
    capture = reading.end()
    assert (capture.packets, codes(capture)) == (1, ["truncated"])


def test_a_silent_pipe_can_be_stopped(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reading = Reading(path)
    with path.open("wb", buffering=0) as pipe:
        pipe.write(section() + interface())
        time.sleep(0.05)
        reading.stopped = True
        assert reading.end().packets == 0


def test_a_pipe_that_never_said_anything_can_be_stopped(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reading = Reading(path)
    with path.open("wb", buffering=0):
        time.sleep(0.05)
        reading.stopped = True
        capture = reading.end()
    assert (capture.packets, capture.problems) == (0, ())


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_a_growing_file_is_followed(tmp_path, make):
    path, data = tmp_path / "site", make(PACKETS[:40])
    step = len(data) // 5 + 1
    path.write_bytes(b"")
    reading = Reading(path, follow=True)
    with path.open("ab", buffering=0) as file:
        for at in range(0, len(data), step):
            file.write(data[at : at + step])
            time.sleep(0.02)
        reading.wait_for(40)
        file.write(make(PACKETS[:41])[len(data) :][:10])  # half a record is no problem in a growing file
        time.sleep(0.05)
    reading.stopped = True
    capture = reading.end()
    assert (capture.packets, capture.problems) == (40, ())


def test_following_ends_when_the_file_shrinks(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS[:40]))
    reading = Reading(path, follow=True)
    reading.wait_for(40)
    path.write_bytes(pcap(PACKETS[:2]))
    assert codes(reading.end()) == ["replaced"]


def test_following_ends_when_another_file_takes_the_name(tmp_path):
    path, other = tmp_path / "site", tmp_path / "other"
    path.write_bytes(pcap(PACKETS[:40]))
    other.write_bytes(pcap(PACKETS[:2]))
    reading = Reading(path, follow=True)
    reading.wait_for(40)
    other.rename(path)
    capture = reading.end()
    assert (capture.packets, codes(capture)) == (40, ["replaced"])


def test_following_ends_when_the_file_is_removed(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS[:40]))
    reading = Reading(path, follow=True)
    reading.wait_for(40)
    path.unlink()
    assert codes(reading.end()) == ["replaced"]


def test_a_disk_that_fails_gives_what_came_before(tmp_path, monkeypatch):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS))
    readv, calls = os.readv, []

    def failing(fd, buffers):
        calls.append(fd)
        if len(calls) > 3:
            raise OSError(5, "Input/output error")
        return readv(fd, buffers)

    monkeypatch.setattr(inputs.os, "readv", failing)
    records, capture = read(path, window_bytes=65_536)
    assert 0 < len(records) < len(PACKETS)
    assert "read-error" in codes(capture)


def test_a_file_that_shrinks_while_it_is_read_raises_nothing(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(pcap(PACKETS))
    seen = 0
    with open_capture(str(path), 0, window_bytes=65_536) as source:
        for window in source.windows():
            seen += len(window)
            os.truncate(path, 100_000)
        assert 0 < seen < len(PACKETS)
        assert codes(source.info()) == ["truncated"]


def test_a_block_as_large_as_may_be(tmp_path):
    path = tmp_path / "site"
    path.write_bytes(section() + interface() + block(0x77, bytes(16 * MIB - 12)) + enhanced(PACKETS[1]))
    records, capture = read(path, window_bytes=4_096)
    assert (len(records), capture.problems) == (1, ())


@pytest.mark.parametrize("window", [64, 1 << 24])
def test_time_that_goes_back_is_told_where_it_does(tmp_path, window):
    path = tmp_path / "site"
    seconds = (10, 11, 10.5, 40, 9, 12)
    path.write_bytes(pcap([Packet(b"x" * 60, START_NS + int(s * 1e9)) for s in seconds]))
    _, capture = read(path, window_bytes=window)
    (problem,) = capture.problems
    assert (problem.code, problem.frame, problem.count) == ("time-goes-back", 5, 1)
    assert "back by 31 s" in problem.detail
