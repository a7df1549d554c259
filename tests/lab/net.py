"""Network namespaces: one per box, wired as a small company (needs root, iproute2, nftables, ethtool).

phones ── ap (bridge; its uplink is mirrored) ── rtr (router, firewall, NAT, DHCP) ──┬─ fe    front end pool and Exchange
                                                                                     ├─ dns   resolver
                                                                                     ├─ rp    reverse proxy (DMZ)
                                                                                     └─ net   the internet
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

TOOLS = ("ip", "nft", "tc", "ethtool", "tcpdump", "dnsmasq", "nginx", "haproxy", "openssl", "curl")
NETNS = Path("/etc/netns")


@cache
def missing() -> str | None:
    """Why the lab cannot run here, None if it can."""
    if os.geteuid() != 0:
        return "the lab needs root"
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        return f"the lab needs {', '.join(lacking)}"
    name = f"{run_tag()}probe"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return "the lab needs to make network namespaces" if made.returncode else None


def sh(*argv: str, check: bool = True, **kw: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **kw)  # type: ignore[call-overload]
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done  # type: ignore[no-any-return]


# ---------------------------------------------------------------- nothing stays behind


def run_tag() -> str:
    """What the names of all namespaces and folders of this process begin with."""
    return f"pk{os.getpid()}x"


@cache
def guarded(tag: str) -> subprocess.Popen[bytes]:
    """A process that outlives this one, however it ends, and removes what carries the tag: it waits for the end of its standard input."""
    return subprocess.Popen([sys.executable, __file__, tag], stdin=subprocess.PIPE, start_new_session=True)


def sweep(tag: str) -> None:
    """Remove every process, namespace and folder of a run."""
    listed = sh("ip", "netns", "list", check=False).stdout.splitlines()
    for name in [line.split()[0] for line in listed if line.startswith(tag)]:
        remove(name)
    for folder in Path(tempfile.gettempdir()).glob(f"{tag}*"):
        shutil.rmtree(folder, ignore_errors=True)


def remove(name: str) -> None:
    """End what runs in a namespace, and the namespace."""
    for pid in sh("ip", "netns", "pids", name, check=False).stdout.split():
        with contextlib.suppress(ProcessLookupError, ValueError):
            os.kill(int(pid), signal.SIGKILL)
    sh("ip", "netns", "del", name, check=False)
    shutil.rmtree(NETNS / name, ignore_errors=True)


# ---------------------------------------------------------------- boxes and cables


@dataclass
class Box:
    """One namespace."""

    name: str
    ipv6: bool = False
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        sh("ip", "netns", "add", self.name)
        self.ip("link set lo up")
        off = "0" if self.ipv6 else "1"
        values = [f"net.ipv4.conf.{key}.rp_filter=0" for key in ("all", "default")]
        values += [f"net.ipv6.conf.{key}.{what}" for key in ("all", "default") for what in (f"disable_ipv6={off}", "accept_dad=0")]
        values += ["net.ipv6.conf.default.router_solicitation_delay=0", "net.ipv6.conf.default.router_solicitation_interval=1"]
        self.sysctl(*values)

    def run(self, *argv: str, check: bool = True, **kw: object) -> subprocess.CompletedProcess[str]:
        return sh("ip", "netns", "exec", self.name, *argv, check=check, **kw)

    def ip(self, *commands: str) -> None:
        """Commands of ``ip``, all in one go."""
        sh("ip", "-n", self.name, "-batch", "-", input="\n".join(commands) + "\n")

    def sysctl(self, *values: str) -> None:
        """``name=value`` of what this kernel has."""
        pairs = [value.partition("=") for value in values]
        lines = [f"echo {value} > /proc/sys/{name.replace('.', '/')}" for name, _, value in pairs]
        self.run("sh", "-c", "\n".join(lines), check=False)

    def start(self, *argv: str, log: Path | None = None, **kw: object) -> subprocess.Popen[bytes]:
        out = log.open("ab") if log else subprocess.DEVNULL
        command = ["ip", "netns", "exec", self.name, *argv]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, **kw)  # type: ignore[call-overload]
        self.children.append(child)
        return child  # type: ignore[no-any-return]

    def address(self, device: str, *prefixes: str) -> None:
        self.ip(*(f"addr add {prefix} dev {device}{' nodad' if ':' in prefix else ''}" for prefix in prefixes))

    def nft(self, rules: str) -> None:
        self.run("nft", "-f", "-", input=rules)

    def close(self) -> None:
        """Asked politely first: a capture must be written to its end."""
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + 2
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.05, deadline - time.monotonic()))
        remove(self.name)
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(1)


def wire(a: Box, dev_a: str, b: Box, dev_b: str, mac: str | None = None, *, bridge: str | None = None, offload: bool = False) -> None:
    """A cable, into a bridge of ``b`` if named; offloads off, so that what is captured is what a wire would carry."""
    sh("ip", "link", "add", dev_a, "netns", a.name, "type", "veth", "peer", "name", dev_b, "netns", b.name)
    for box, dev in ((a, dev_a), (b, dev_b)):
        if not offload:
            box.run("ethtool", "-K", dev, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off", check=False)
    b.ip(*([f"link set {dev_b} addrgenmode none master {bridge}"] if bridge else []), f"link set {dev_b} up")
    a.ip(*([f"link set {dev_a} address {mac}"] if mac else []), f"link set {dev_a} up")


def mirror(box: Box, device: str, to: str, ways: tuple[str, ...] = ("ingress", "egress")) -> None:
    """Copy what passes ``device`` to ``to``, as a mirror port does."""
    box.run("tc", "qdisc", "replace", "dev", device, "clsact")
    for way in ways:
        every = ["bpf", "bytecode", "1,6 0 0 4294967295,"]
        box.run("tc", "filter", "add", "dev", device, way, *every, "action", "mirred", "egress", "mirror", "dev", to)


def resolv(box: Box, *servers: str) -> None:
    """The box's own resolv.conf."""
    folder = NETNS / box.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resolv.conf").write_text("".join(f"nameserver {server}\n" for server in servers) + "options timeout:1 attempts:2\n")
    (folder / "hosts").write_text("127.0.0.1 localhost\n")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    sweep(sys.argv[1])
