#!/usr/bin/env python3
"""Speed as ratios, measured side by side: machines differ, and so does one machine from minute to minute.

    speed.py CAPTURE [--repeat 3] [--tshark] [--large LARGER_CAPTURE] [--command 'pcapkit']

All commands run in turns, and the least CPU time of each (user and system, of all its processes) counts. Needs tcpdump; with ``--tshark`` also tshark.
``--large``: a capture of the same kind with ten times the packets, to see whether memory grows. Exit code 1 if a limit is exceeded.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PORTS = "port 53 or port 67 or arp or icmp or icmp6 or tcp[tcpflags]&(tcp-syn|tcp-fin|tcp-rst)!=0 or tcp port 80"
HELLO = "(tcp port 443 and tcp[((tcp[12]&0xf0)>>2)]=22 and tcp[((tcp[12]&0xf0)>>2)+1]=3)"
PLAIN = f"({PORTS} or {HELLO})"
SIX = "(ip6 proto 6 and (ip6[53]&7!=0 or ip6[40+((ip6[52]&0xf0)>>2)]=22))"
SELECT = f"{PLAIN} or {SIX} or (vlan and ({PLAIN} or {SIX}))"
"""What matters to a discovery, as far as a packet filter can tell. ``vlan`` shifts all offsets behind it, so it stands last."""

FIELDS = ("frame.time_epoch", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "tcp.flags", "dns.qry.name", "dns.a", "tls.handshake.type",
          "tls.handshake.extensions_server_name", "tls.handshake.certificate", "http.host", "http.request.uri", "http.response.code")  # fmt: skip
SHOWN = "dns or tls.handshake or http or tcp.flags.syn==1 or tcp.flags.reset==1 or dhcp"


@dataclass
class Cost:
    """Of one run: CPU seconds, peak resident memory in MiB, what stood on standard error."""

    cpu_s: float
    rss_mib: float
    said: str


def run(command: list[str]) -> Cost:
    """Run a command to its end.

    Raises:
        SystemExit: it failed.
    """
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, stdin=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise SystemExit(f"{shlex.join(command)[:200]}: exit code {process.returncode}\n{text}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text)


def in_turns(commands: dict[str, list[str]], repeat: int) -> dict[str, Cost]:
    """The cheapest of ``repeat`` runs of each command, all of them in turns."""
    best: dict[str, Cost] = {}
    for _ in range(repeat):
        for name, command in commands.items():
            cost = run(command)
            if name not in best or cost.cpu_s < best[name].cpu_s:
                best[name] = cost
    return best


def first_packets(capture: str, count: int, folder: str) -> str:
    """A capture of the first packets of another."""
    path = str(Path(folder) / "few.pcap")
    subprocess.run(["tcpdump", "-r", capture, "-c", str(count), "-w", path], check=True, capture_output=True)
    return path


class Table:
    """Lines of measured against allowed."""

    def __init__(self) -> None:
        self.failed = False
        print(f"{'measured':58} {'value':>10} {'limit':>8}")

    def line(self, what: str, value: float, limit: float | None = None) -> None:
        wrong = limit is not None and value > limit
        self.failed |= wrong
        print(f"{what:58} {value:10.2f} {'' if limit is None else limit:>8} {'TOO MUCH' if wrong else ''}")


def main() -> int:
    """Measure and print.

    Raises:
        SystemExit: a tool is missing, or a command failed.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--tshark", action="store_true", help="compare with tshark -T fields too (slow)")
    parser.add_argument("--large", help="a capture of ten times as many packets")
    parser.add_argument("--command", default="pcapkit", help="how to run the program")
    args = parser.parse_args()
    if not shutil.which("tcpdump"):
        raise SystemExit("tcpdump is not installed")
    program = shlex.split(args.command)
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        few = first_packets(args.capture, 100, folder)
        startup = in_turns(
            {"numpy": [sys.executable, "-c", "import numpy"], "help": [*program, "--help"], "few": [*program, "analyze", few]}, 2 * args.repeat + 1
        )
    for name, what, limit in (("help", "--help", 0.7), ("few", "100 packets", 3.0)):
        table.line(f"CPU of {what} / of importing numpy", startup[name].cpu_s / startup["numpy"].cpu_s, limit)
    whole(args, program, table)
    return int(table.failed)


def whole(args: argparse.Namespace, program: list[str], table: Table) -> None:
    """The whole analysis beside the tools that read the same file."""
    analyze = [*program, "analyze", args.capture, "--format", "json"]
    commands = {"tcpdump": ["tcpdump", "-nn", "-r", args.capture, "-w", "/dev/null", SELECT], "pcapkit": analyze}
    if args.tshark:
        commands["tshark"] = ["tshark", "-n", "-r", args.capture, "-Y", SHOWN, "-T", "fields", *(word for field in FIELDS for word in ("-e", field))]
    best = in_turns(commands, args.repeat)
    ours = best["pcapkit"]
    table.line("CPU / of tcpdump with a filter", ours.cpu_s / best["tcpdump"].cpu_s, 6.0)
    if args.tshark:
        table.line("CPU of tshark -T fields / ours", best["tshark"].cpu_s / ours.cpu_s)
    told = run([*analyze, "--debug"]).said
    fed, packets = map(int, re.search(r"(\d+) of (\d+) packets were handed", told).groups())  # type: ignore[union-attr]  # --debug says so
    table.line("CPU, µs a packet", ours.cpu_s / packets * 1e6)
    table.line("packets handed to Python", fed, 50_000)
    table.line("resident memory, MiB", ours.rss_mib, 200)
    for line in told.splitlines():
        if "by stage" in line:
            print(line.partition(": ")[2])
    if args.large:
        large = run([*program, "analyze", args.large, "--format", "json"])
        table.line("resident memory of the larger capture / of this one", large.rss_mib / ours.rss_mib, 1.1)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    raise SystemExit(main())
