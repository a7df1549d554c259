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
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

TOOLS = ("ip", "nft", "tc", "ethtool", "tcpdump", "dnsmasq", "nginx", "openssl", "curl")


def missing() -> str | None:
    """Why the lab cannot run here, None if it can."""
    if os.geteuid() != 0:
        return "the lab needs root"
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        return f"the lab needs {', '.join(lacking)}"
    probe = subprocess.run(["ip", "netns", "add", f"pkprobe{os.getpid()}"], capture_output=True, check=False)
    if probe.returncode:
        return "the lab needs to make network namespaces"
    subprocess.run(["ip", "netns", "del", f"pkprobe{os.getpid()}"], check=False)
    return None


def sh(*argv: str, check: bool = True, **kw: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **kw)  # type: ignore[call-overload]
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done  # type: ignore[no-any-return]


@dataclass
class Box:
    """One namespace."""

    name: str
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        sh("ip", "netns", "add", self.name)
        self.run("ip", "link", "set", "lo", "up")
        for key in ("all", "default"):
            self.run("sysctl", "-qw", f"net.ipv4.conf.{key}.rp_filter=0", check=False)
        self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", check=False)

    def run(self, *argv: str, check: bool = True, **kw: object) -> subprocess.CompletedProcess[str]:
        return sh("ip", "netns", "exec", self.name, *argv, check=check, **kw)

    def start(self, *argv: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        out = log.open("ab") if log else subprocess.DEVNULL
        child = subprocess.Popen(["ip", "netns", "exec", self.name, *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.children.append(child)
        return child

    def address(self, device: str, cidr: str) -> None:
        self.run("ip", "addr", "add", cidr, "dev", device)

    def nft(self, rules: str) -> None:
        done = subprocess.run(["ip", "netns", "exec", self.name, "nft", "-f", "-"], input=rules, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"nft in {self.name}: {done.stderr}")

    def close(self) -> None:
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, 15)
        deadline = time.monotonic() + 2
        for child in self.children:
            try:
                child.wait(max(0.05, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, 9)
        left = sh("ip", "netns", "pids", self.name, check=False).stdout.split()
        for pid in left:
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(pid), 9)
        sh("ip", "netns", "del", self.name, check=False)
        shutil.rmtree(f"/etc/netns/{self.name}", ignore_errors=True)


def wire(a: Box, dev_a: str, b: Box, dev_b: str, mac: str | None = None) -> None:
    """A cable; offloads off, so that what is captured is what a wire would carry."""
    sh("ip", "link", "add", dev_a, "netns", a.name, "type", "veth", "peer", "name", dev_b, "netns", b.name)
    for box, dev in ((a, dev_a), (b, dev_b)):
        box.run("ethtool", "-K", dev, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off", check=False)
    if mac:
        a.run("ip", "link", "set", dev_a, "address", mac)
    a.run("ip", "link", "set", dev_a, "up")
    b.run("ip", "link", "set", dev_b, "up")


def mirror(box: Box, device: str, to: str) -> None:
    """Copy both directions of ``device`` to ``to``, as a mirror port does."""
    box.run("tc", "qdisc", "add", "dev", device, "clsact")
    for way in ("ingress", "egress"):
        box.run(
            "tc", "filter", "add", "dev", device, way, "bpf", "bytecode", "1,6 0 0 4294967295,", "action", "mirred", "egress", "mirror", "dev", to
        )


def resolv(box: Box, server: str) -> None:
    """The box's own resolv.conf."""
    folder = Path("/etc/netns") / box.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resolv.conf").write_text(f"nameserver {server}\noptions timeout:1 attempts:2\n")
    (folder / "hosts").write_text("127.0.0.1 localhost\n")
