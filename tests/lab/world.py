"""The small company of one scenario, wired and running, with a capture on the mirror port."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from net import Box, mirror, resolv, sh, wire
from pki import Pki

HERE = Path(__file__).parent
_SERIAL = itertools.count()

LAN, SRV, DNS, DMZ, WAN = "172.20.23", "10.107.171", "10.190.25", "192.168.204", "131.107.155"
PUB, NATIP, ISP = f"{WAN}.122", f"{WAN}.11", f"{WAN}.1"
FE, CAS, DNSIP, RP = f"{SRV}.10", f"{SRV}.25", f"{DNS}.53", f"{DMZ}.28"
WEB, PUBLIC_DNS = "198.51.100.80", "8.8.8.8"
RP_LEG = f"{LAN}.28"


@dataclass
class Site:
    """What differs from the healthy company.

    ``hairpin``: ok, drop, reset, icmp, asym, after-nat, stall. ``fe``/``rp``/``cas``: certificate kinds of ``pki``; ``tls``: nginx's ssl_protocols.
    ``records`` override DNS (None removes); ``closed``: ports of the front end without listener; ``faults``: see ``app.py``.
    """

    hairpin: str = "ok"
    fe: str = "ok"
    rp: str = "ok"
    cas: str = "ok"
    tls: str = "TLSv1.2"
    ciphers: str = ""
    records: dict[str, str | None] = field(default_factory=dict)
    ttl: int = 60
    dns: str = "ok"
    closed: tuple[int, ...] = ()
    faults: dict[str, Any] = field(default_factory=dict)
    rp_faults: dict[str, Any] = field(default_factory=dict)
    app: dict[str, Any] = field(default_factory=dict)
    mirror: tuple[str, ...] = ("ap",)
    uplink: bool = True
    snaplen: int = 0
    domain: str = "contoso.com"


@dataclass
class Phone:
    """A phone on the Wi-Fi side."""

    box: Box
    name: str
    mac: str
    address: str
    platform: str
    commands: list[dict[str, Any]] = field(default_factory=list)


class World:
    """Everything of one scenario; a context manager that leaves nothing behind."""

    def __init__(self, site: Site, pki: Pki, out: Path) -> None:
        self.site, self.pki, self.out = site, pki, out
        self.tag = f"pk{os.getpid() % 100000}{next(_SERIAL)}"
        self.folder = Path(tempfile.mkdtemp(prefix="lab"))
        self.boxes: dict[str, Box] = {}
        self.phones: list[Phone] = []
        d = site.domain
        self.names = {
            "domain": d, "LDI": f"lyncdiscoverinternal.{d}", "LD": f"lyncdiscover.{d}", "AD": f"autodiscover.{d}", "EXT": f"webext.{d}",
            "INTW": f"lyncwebint.{d}", "POOL": f"fepool.{d}", "MAIL": f"mail.{d}",
        }  # fmt: skip

    def __enter__(self) -> World:
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for box in self.boxes.values():
            box.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def box(self, name: str) -> Box:
        if name not in self.boxes:
            self.boxes[name] = Box(f"{self.tag}{name}")
        return self.boxes[name]

    # ------------------------------------------------------------ wiring

    def _build(self) -> None:
        rtr, ap = self.box("rtr"), self.box("ap")
        rtr.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        rtr.run("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0", check=False)
        ap.run("ip", "link", "add", "br0", "type", "bridge")
        ap.run("ip", "link", "set", "br0", "up")
        wire(ap, "up0", rtr, "lan0")
        ap.run("ip", "link", "set", "up0", "master", "br0")
        rtr.run("ip", "link", "add", "lan", "type", "bridge")
        rtr.run("ip", "link", "set", "lan", "address", "00:1a:1e:c6:ca:da")
        rtr.run("ip", "link", "set", "lan0", "master", "lan")
        rtr.run("ip", "link", "set", "lan", "up")
        rtr.address("lan", f"{LAN}.1/24")
        for name, net, hosts in (("fe", SRV, (FE, CAS)), ("dns", DNS, (DNSIP,)), ("rp", DMZ, (RP,))):
            box = self.box(name)
            wire(box, "eth0", rtr, name)
            rtr.address(name, f"{net}.1/24")
            for host in hosts:
                box.address("eth0", f"{host}/24")
            box.run("ip", "route", "add", "default", "via", f"{net}.1")
        net = self.box("net")
        wire(net, "eth0", rtr, "wan")
        rtr.address("wan", f"{NATIP}/24")
        rtr.address("wan", f"{PUB}/24")
        net.address("eth0", f"{ISP}/24")
        for public in (WEB, PUBLIC_DNS, "198.51.100.81", "198.51.100.82", "198.51.100.83"):
            net.address("lo", f"{public}/32")
        rtr.run("ip", "route", "add", "default", "via", ISP)
        if self.site.hairpin == "asym":
            wire(self.boxes["rp"], "eth1", rtr, "rplan")
            rtr.run("ip", "link", "set", "rplan", "master", "lan")
            self.boxes["rp"].address("eth1", f"{RP_LEG}/24")
        self._firewall()
        self._dns()
        self._web()
        self._mirror()

    def _firewall(self) -> None:
        proxy = RP_LEG if self.site.hairpin == "asym" else RP
        early = {
            "drop": [f'iifname "lan" ip daddr {PUB} drop'],
            "reset": [f'iifname "lan" ip daddr {PUB} reject with tcp reset'],
            "icmp": [f'iifname "lan" ip daddr {PUB} reject with icmp type admin-prohibited'],
        }.get(self.site.hairpin, [])
        down = [] if self.site.uplink else [f'iifname "lan" ip daddr {{ 198.51.100.0/24, {PUB}, {PUBLIC_DNS} }} drop']
        stall = ['iifname "rp" oifname "lan" meta length > 600 drop'] if self.site.hairpin == "stall" else []
        snat = [] if self.site.hairpin == "asym" else ['iifname "lan" oifname "rp" masquerade']
        chains = {
            "early { type filter hook prerouting priority -150;": down + (early if self.site.hairpin == "drop" else []),
            "into { type filter hook input priority 0;": early if self.site.hairpin != "drop" else [],
            "before { type nat hook prerouting priority -100;": [] if early else [f"ip daddr {PUB} tcp dport {{ 80, 443 }} dnat to {proxy}"],
            "through { type filter hook forward priority 0;": stall,
            "after { type nat hook postrouting priority 100;": [*snat, 'oifname "wan" masquerade'],
        }
        body = "\n".join(f"chain {head}\n" + "\n".join(rules) + "\n}" for head, rules in chains.items())
        self.boxes["rtr"].nft(f"table ip lab {{\n{body}\n}}\n")
        if self.site.hairpin == "after-nat":
            self.boxes["rp"].nft("table ip lab {\n chain inp {\n type filter hook input priority 0;\n tcp dport { 80, 443 } drop\n}\n}\n")

    def _dns(self) -> None:
        inside = {
            self.names["LDI"]: FE,
            self.names["LD"]: PUB,
            self.names["EXT"]: PUB,
            self.names["INTW"]: FE,
            self.names["POOL"]: FE,
            self.names["AD"]: CAS,
            self.names["MAIL"]: CAS,
        }
        inside.update(self.site.records)  # type: ignore[arg-type]
        inside["www.example.com"] = WEB
        conf = [
            "no-resolv",
            "no-hosts",
            "bind-interfaces",
            "keep-in-foreground",
            f"local=/{self.site.domain}/",
            f"local-ttl={self.site.ttl}",
            "user=root",
            "pid-file=",
        ]
        conf += [f"host-record={name},{address}" for name, address in inside.items() if address]
        conf += [f"cname={alias}" for alias in self.site.app.get("cnames", ())]
        if self.site.dns == "servfail":
            conf = [c for c in conf if not c.startswith(("local=", "host-record"))]
        path = self.folder / "dns.conf"
        path.write_text("\n".join([*conf, f"listen-address={DNSIP}"]) + "\n")
        self.boxes["dns"].start("dnsmasq", "-C", str(path))
        if self.site.dns == "silent":
            self.boxes["dns"].nft("table ip lab {\n chain inp {\n type filter hook input priority 0;\n udp dport 53 drop\n tcp dport 53 drop\n}\n}\n")
        public = self.folder / "public.conf"
        names = [f"host-record={self.names[n]},{PUB}" for n in ("LD", "EXT", "AD")] + [f"host-record=www.example.com,{WEB}"]
        public.write_text(
            "\n".join(
                [
                    "no-resolv",
                    "no-hosts",
                    "bind-interfaces",
                    "keep-in-foreground",
                    "user=root",
                    "pid-file=",
                    f"listen-address={PUBLIC_DNS}",
                    f"local=/{self.site.domain}/",
                    *names,
                ]
            )
            + "\n"
        )
        self.boxes["net"].start("dnsmasq", "-C", str(public))
        leases = self.folder / "leases"
        dhcp = self.folder / "dhcp.conf"
        dhcp.write_text(
            "\n".join(
                ["no-resolv", "no-hosts", "port=0", "interface=lan", "bind-interfaces", "keep-in-foreground", "no-ping", "user=root", "pid-file=", f"dhcp-leasefile={leases}",
                 f"dhcp-range={LAN}.50,{LAN}.120,1h", f"dhcp-option=6,{DNSIP}", f"dhcp-option=15,{self.site.domain}", "dhcp-authoritative"]
            )
        )  # fmt: skip
        self.boxes["rtr"].start("dnsmasq", "-C", str(dhcp))

    # ------------------------------------------------------------ servers

    def _web(self) -> None:
        n, s = self.names, self.site
        fe_names = (n["POOL"], n["LDI"], n["INTW"])
        rp_names = (n["EXT"], n["LD"], n["LDI"], n["AD"], n["MAIL"])
        cas_names = (n["MAIL"], n["AD"])
        self._app("fe", 8001, {"faults": s.faults, **s.app})
        fe = [self._server("fe", FE, 443, s.fe, fe_names, 8001), self._server("fe", FE, 80, None, fe_names, 8001)]
        fe += [self._server("fe", CAS, 443, s.cas, cas_names, 8001), self._server("fe", CAS, 80, None, cas_names, 8001)]
        self._nginx("fe", [block for block in fe if block])
        self._app("rp", 8002, {"faults": s.rp_faults, "site": "external", **s.app})
        listen = "0.0.0.0"
        self._nginx(
            "rp", [b for b in (self._server("rp", listen, 443, s.rp, rp_names, 8002), self._server("rp", listen, 80, None, rp_names, 8002)) if b]
        )
        self._app("net", 8003, {})
        www = self._server("net", WEB, 443, "ok", ("www.example.com",), 8003)
        self._nginx("net", [b for b in (www, self._server("net", WEB, 80, None, ("www.example.com",), 8003)) if b])

    def _app(self, box: str, port: int, config: dict[str, Any]) -> None:
        path = self.folder / f"app-{box}.json"
        path.write_text(json.dumps({"port": port, "names": self.names, **config}))
        self.boxes[box].start(sys.executable, str(HERE / "app.py"), str(path), log=self.folder / f"app-{box}.log")

    def _server(self, box: str, address: str, port: int, kind: str | None, names: tuple[str, ...], app: int) -> str:
        if box == "fe" and address == FE and port in self.site.closed:
            return ""
        tls = ""
        if kind:
            chain, key = self.pki.chain(kind, names)
            ciphers = f"ssl_ciphers {self.site.ciphers};" if self.site.ciphers else "ssl_ciphers ALL:@SECLEVEL=0;"
            tls = f"ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols {self.site.tls}; {ciphers} ssl_session_cache off; ssl_session_tickets off;"
        forwarded = "proxy_set_header X-Forwarded-For $remote_addr;" if box == "rp" else ""
        return (
            f"server {{ listen {address}:{port}{' ssl' if kind else ''}; {tls} "
            f"location / {{ proxy_pass http://127.0.0.1:{app}; proxy_http_version 1.1; proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme; {forwarded} "
            "proxy_pass_header Server; } }"
        )

    def _nginx(self, box: str, servers: list[str]) -> None:
        conf = self.folder / f"nginx-{box}.conf"
        work = self.folder / f"nginx-{box}"
        work.mkdir()
        temp = " ".join(f"{kind}_temp_path {work}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf.write_text(
            f"user root; daemon off; worker_processes 1; pid {work}/pid; error_log {work}/error.log; events {{ worker_connections 64; }}\n"
            f"http {{ access_log off; {temp}\n" + "\n".join(servers) + "\n}\n"
        )
        self.boxes[box].start("nginx", "-c", str(conf), log=self.folder / f"nginx-{box}.log")

    # ------------------------------------------------------------ capture

    def _mirror(self) -> None:
        mon = self.box("mon")
        taps = {"ap": ("ap", "up0"), "dmz": ("rtr", "rp")}
        mon.run("ip", "link", "add", "mon0", "type", "bridge")
        mon.run("ip", "link", "set", "mon0", "up", "promisc", "on")
        for tap in self.site.mirror:
            box, device = taps[tap]
            wire(self.boxes[box], f"m{tap}", mon, f"in{tap}")
            mon.run("ip", "link", "set", f"in{tap}", "promisc", "on")
            mirror(self.boxes[box], device, f"m{tap}")
        device = "inap" if self.site.mirror == ("ap",) else "any"
        extra = ["-s", str(self.site.snaplen)] if self.site.snaplen else []
        way = [] if device == "inap" else ["-Q", "in"]
        self.tcpdump = mon.start(
            "tcpdump", "-i", device, *way, "--immediate-mode", "-U", "-n", *extra, "-w", str(self.out), log=self.folder / "tcpdump.log"
        )
        self._wait(lambda: self.out.exists() and self.out.stat().st_size >= 24, "tcpdump")
        self._wait(lambda: all(self._listens(b, 443) for b in ("rp", "net")), "nginx")
        self._wait(lambda: all(self._listens(b, p) for b, p in (("fe", 8001), ("rp", 8002), ("net", 8003))), "app")

    def _listens(self, box: str, port: int) -> bool:
        return f":{port} " in self.boxes[box].run("ss", "-Hltn").stdout + " "

    def _wait(self, ready: Any, what: str) -> None:
        deadline = time.monotonic() + 10
        while not ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not start: {[p.read_text()[-300:] for p in self.folder.glob('*.log')]}")
            time.sleep(0.03)

    def stop_capture(self) -> None:
        time.sleep(0.3)
        os.killpg(self.tcpdump.pid, signal.SIGINT)
        self.tcpdump.wait(5)

    # ------------------------------------------------------------ phones

    def phone(self, name: str, mac: str, platform: str, *, lease: bool = True, resolver: str = DNSIP) -> Phone:
        number = len(self.phones) + 1
        box = self.box(f"ph{number}")
        wire(box, "wlan0", self.boxes["ap"], f"ph{number}", mac)
        self.boxes["ap"].run("ip", "link", "set", f"ph{number}", "master", "br0")
        if lease:
            done = box.run(sys.executable, str(HERE / "dhclient.py"), "wlan0", mac, name, platform)
            address = done.stdout.strip()
        else:
            address = f"{LAN}.{200 + number}"
        box.address("wlan0", f"{address}/24")
        box.run("ip", "route", "add", "default", "via", f"{LAN}.1")
        resolv(box, resolver)
        made = Phone(box, name, mac, address, platform)
        self.phones.append(made)
        return made


def cleanup_stale() -> None:
    """Remove namespaces of lab runs whose process is gone."""
    for line in sh("ip", "netns", "list", check=False).stdout.splitlines():
        name = line.split()[0] if line else ""
        if name.startswith("pkprobe"):
            sh("ip", "netns", "del", name, check=False)
