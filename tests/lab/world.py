"""The company of one scenario, wired and running, with a capture on the mirror port."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import company as co
import firewall
import servers
from company import Site
from net import Box, guarded, mirror, resolv, run_tag, sh, wire
from pki import Pki
from servers import Listener

HERE = Path(__file__).parent
_SERIAL = itertools.count()
FE_APP, RP_APP, NET_APP = 8010, 8020, 8030
GATEWAY_MAC = "00:1a:1e:c6:ca:da"


@dataclass
class Phone:
    """A device on the Wi-Fi side (or, without lease, outside). ``roots``: what it trusts; ``keys``: where its TLS secrets go; ``habits``: options of curl
    that go with its every request.
    """

    box: Box
    name: str
    mac: str
    address: str
    platform: str
    roots: Path
    keys: Path | None = None
    habits: tuple[str, ...] = ()
    commands: list[dict[str, Any]] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    """Further addresses."""


class World:
    """Everything of one scenario; a context manager that leaves nothing behind."""

    def __init__(self, site: Site, pki: Pki, out: Path) -> None:
        self.site, self.pki, self.out = site, pki, out
        self.tag = f"{run_tag()}{next(_SERIAL)}"
        guarded(run_tag())
        self.folder = Path(tempfile.mkdtemp(prefix=self.tag))
        self.boxes: dict[str, Box] = {}
        self.phones: list[Phone] = []
        self.names = site.names
        self.dhcp: subprocess.Popen[bytes] | None = None
        self.tcpdump: subprocess.Popen[bytes] | None = None
        self.keys = out.with_suffix(".keys")

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
            self.boxes[name] = Box(f"{self.tag}{name}", self.site.ipv6 and name not in ("ap", "mon"))
        return self.boxes[name]

    def url(self, host: str, path: str, scheme: str = "https") -> str:
        """A URL on one of the company's names (``LDI``, ``EXT`` …), or on any host."""
        return f"{scheme}://{self.names.get(host, host)}{path}"

    # ------------------------------------------------------------ wiring

    def _build(self) -> None:
        self._lan()
        self._segments()
        self._internet()
        self._firewall()
        self._resolvers()
        self._web()
        self._taps()
        if not self.site.late:
            self.start_capture()

    def _wire(self, a: str, dev_a: str, b: str, dev_b: str, mac: str | None = None, *, bridge: str | None = None) -> None:
        wire(self.box(a), dev_a, self.box(b), dev_b, mac, bridge=bridge, offload=self.site.offload)

    def _lan(self) -> None:
        rtr = self.box("rtr")
        rtr.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.bridge.bridge-nf-call-iptables=0")
        self.box("ap").ip("link add br0 type bridge mcast_snooping 0", "link set br0 up")
        rtr.ip("link add lan type bridge mcast_snooping 0", f"link set lan address {GATEWAY_MAC}", "link set lan up")
        self._wire("ap", "up0", "rtr", "lan0", bridge="lan")
        self.box("ap").ip("link set up0 master br0")
        rtr.address("lan", f"{co.LAN}.1/24", *([f"{co.LAN6}:1/64"] * self.site.ipv6))

    def _segments(self) -> None:
        rtr = self.box("rtr")
        segments = (
            ("fe", co.SRV, co.SRV6, (co.FE, co.FE2, co.CAS, co.OWA), (co.FE6, co.CAS6)),
            ("dns", co.DNS, co.DNS6, (co.DNSIP, co.DNSIP2), (f"{co.DNS6}:53",)),
            ("rp", co.DMZ, co.DMZ6, (co.RP,), (co.RP6,)),
        )
        for name, net, net6, hosts, hosts6 in segments:
            self._wire(name, "eth0", "rtr", name)
            box = self.box(name)
            rtr.address(name, f"{net}.1/24", *([f"{net6}:1/64"] * self.site.ipv6))
            box.address("eth0", *(f"{h}/24" for h in hosts), *(f"{h}/64" for h in hosts6 * self.site.ipv6))
            box.ip(f"route add default via {net}.1", *([f"route add ::/0 via {net6}:1"] * self.site.ipv6))

    def _internet(self) -> None:
        rtr, net = self.box("rtr"), self.box("net")
        self._wire("net", "eth0", "rtr", "wan")
        ours = (co.NATIP,) if self.site.hairpin == "loop" else (co.NATIP, co.PUB)
        rtr.address("wan", *(f"{a}/24" for a in ours), *([f"{co.WAN6}:11/64"] * self.site.ipv6))
        net.address("eth0", f"{co.ISP}/24", *([f"{co.WAN6}:1/64"] * self.site.ipv6))
        net.address("lo", *(f"{a}/32" for a in (*co.OUTSIDE, *([co.APPLE_PUSH] * self.site.push))))
        net.sysctl("net.ipv4.ip_forward=1")
        rtr.ip(f"route add default via {co.ISP}")

    def _firewall(self) -> None:
        site, rp = self.site, self.box("rp")
        if leg := firewall.far_leg(site):
            if site.hairpin == "asym":
                self._wire("rp", "eth1", "rtr", "rplan", bridge="lan")
            else:
                self._wire("rp", "eth1", "net", "far")
                self.box("net").address("far", f"{firewall.FAR_ROUTER}/24")
            rp.address("eth1", leg)
        for box, commands in firewall.routes(site).items():
            self.box(box).ip(*commands)
        if site.hairpin == "anti-spoof":
            rp.sysctl("net.ipv4.conf.all.rp_filter=1", "net.ipv4.conf.eth0.rp_filter=1")
        self.box("rtr").nft(firewall.router(site))
        if rules := firewall.proxy(site):
            rp.nft(rules)

    # ------------------------------------------------------------ names and addresses

    def _conf(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def _dnsmasq(self, box: str, name: str, text: str) -> subprocess.Popen[bytes]:
        return self.box(box).start("dnsmasq", "-C", str(self._conf(f"{name}.conf", text)), log=self.folder / f"{name}.log")

    def _resolvers(self) -> None:
        site, dns = self.site, self.box("dns")
        self._dnsmasq("dns", "inside", servers.resolver(site, co.DNSIP, site.inside()))
        if site.second_view is not None:
            other = {k: v for k, v in {**site.inside(), **site.second_view}.items() if v}
            self._dnsmasq("dns", "second", servers.resolver(site, co.DNSIP2, other))
        if site.dns == "silent":
            dns.nft("table ip lab {\nchain inp {\ntype filter hook input priority 0;\nudp dport 53 drop\ntcp dport 53 drop\n}\n}\n")
        if site.dns == "rebind":
            self._dnsmasq("rtr", "filter", servers.filtering_resolver(f"{co.LAN}.1"))
        self._dnsmasq("net", "public", servers.resolver(Site(domain=site.domain), co.PUBLIC_DNS, site.outside()))
        self.dhcp = self._dnsmasq("rtr", "dhcp", servers.dhcp(site, self.folder / "leases"))

    # ------------------------------------------------------------ servers

    def _web(self) -> None:
        n, s, chain = self.names, self.site, self._chain
        pool = tuple(self._app("fe", FE_APP + i, {"faults": s.faults, "server": name, **s.app}) for i, name in enumerate(s.pool))
        outer = tuple(
            self._app("rp", RP_APP + i, {"faults": s.rp_faults, "site": "external", "server": name, **s.app}) for i, name in enumerate(s.pool)
        )
        fe, cas, owa = (n["POOL"], n["LDI"], n["INTW"]), (n["MAIL"], n["AD"]), (n["OWA"],)
        rp = (n["EXT"], n["LD"], n["LDI"], n["AD"], n["MAIL"])
        six = (f"[{co.FE6}]",) * s.ipv6
        self._nginx("fe", [
            *(x for a in (co.FE, *six) for x in self._pair("fe", a, pool, chain(s.fe, fe))),
            *self._pair("fe2", co.FE2, pool, chain(s.fe, fe)), *self._pair("cas", co.CAS, pool, chain(s.cas, cas)), *self._pair("owa", co.OWA, pool, chain("ok", owa)),
        ])  # fmt: skip
        relayed = bool(s.idle_cut)
        listen = "127.0.0.1:4443" if relayed else "443"
        self._nginx("rp", [Listener(w, outer, c, forwarded=True) for w, c in ((listen, chain(s.rp, rp)), ("80", None)) if ("rp", _port(w)) not in s.closed
                           for w in ([w, f"[::]:{w}"] if s.ipv6 else [w])])  # fmt: skip
        if relayed:
            self._haproxy("rp", servers.relay([(":443", "127.0.0.1:4443")], s.idle_cut))
        self._internet_servers()

    def _pair(self, box: str, address: str, apps: tuple[int, ...], chain: tuple[Path, Path] | None) -> list[Listener]:
        """443 and 80 of an address, without those that the site closes."""
        both = (Listener(f"{address}:443", apps, chain), Listener(f"{address}:80", apps))
        return [x for x in both if (box, _port(x.where)) not in self.site.closed]

    def _chain(self, kind: str, names: tuple[str, ...]) -> tuple[Path, Path]:
        return self.pki.chain("inspected" if self.site.inspect else kind, names)

    def _internet_servers(self) -> None:
        chain = self._chain
        app = (self._app("net", NET_APP, {"outside": True, "faults": self.site.app.get("outside_faults", {})}),)
        sites = {
            co.WEB: ("www.example.com", "static.example.com"), co.BARE: (f"www.{self.site.domain}",), co.FOREIGN: ("www.fabrikam.com", "news.example.org"),
            co.UPDATES: ("download.example.net",), co.CLOUD: ("login.microsoftonline.com",), co.PUBLIC_DNS: ("dns.google",), co.PROBES: ("captive.apple.com",),
            co.PORTAL: ("portal.hotel.example",),
        }  # fmt: skip
        listeners = [x for address, names in sites.items() for x in self._pair("net", address, app, chain("ok", names))]
        self._nginx("net", listeners, Site(tls=self.site.tls, resume=self.site.resume))
        bundle = self._conf("dot.pem", "".join(p.read_text() for p in chain("ok", ("dns.google",))))
        push = [(f"{co.APPLE_PUSH}:5223", f"{co.WEB}:443")] * self.site.push
        self._haproxy("net", servers.relay([(f"{co.PUBLIC_DNS}:853 ssl crt {bundle}", f"{co.PUBLIC_DNS}:53"), *push], 60))

    def _app(self, box: str, port: int, config: dict[str, Any]) -> int:
        path = self._conf(f"app-{box}-{port}.json", json.dumps({"port": port, "names": self.names, **config}))
        self.box(box).start(sys.executable, str(HERE / "app.py"), str(path), log=self.folder / f"app-{box}-{port}.log")
        return port

    def _nginx(self, box: str, listeners: list[Listener], site: Site | None = None) -> None:
        work = self.folder / f"nginx-{box}"
        work.mkdir()
        conf = self._conf(f"nginx-{box}.conf", servers.nginx(site or self.site, listeners, work))
        self.box(box).start("nginx", "-c", str(conf), log=self.folder / f"nginx-{box}.log")

    def _haproxy(self, box: str, text: str) -> None:
        conf = self._conf(f"haproxy-{box}.cfg", text)
        self.box(box).start("haproxy", "-db", "-q", "-f", str(conf), log=self.folder / f"haproxy-{box}.log")

    # ------------------------------------------------------------ capture

    def _taps(self) -> None:
        """Mirror ports: the access point's uplink (``ap``, ``ap-in`` what comes from the phones), the same cable at the core, DMZ and outside."""
        mon = self.box("mon")
        taps = {
            "ap": ("ap", "up0"),
            "ap-in": ("ap", "up0"),
            "core": ("rtr", "lan0"),
            "dmz": ("rtr", "rp"),
            "rplan": ("rtr", "rplan"),
            "wan": ("rtr", "wan"),
        }
        for tap in self.site.mirror:
            box, device = taps[tap]
            port = tap.replace("-", "")
            wire(self.box(box), f"m{port}", mon, f"in{port}", offload=self.site.offload)
            mon.ip(f"link set in{port} promisc on")
            mirror(self.box(box), device, f"m{port}", ("egress",) if tap == "ap-in" else ("ingress", "egress"))

    def start_capture(self) -> None:
        """tcpdump on the mirror port; on several of them as one cooked capture (whose buffer holds a packet in each 256 KiB)."""
        self.ready()
        one = len(self.site.mirror) == 1
        where = ["-i", f"in{self.site.mirror[0].replace('-', '')}"] if one else ["-i", "any", "-Q", "in", "-B", "65536"]
        snap = ["-s", str(self.site.snaplen)] if self.site.snaplen else []
        only = [self.site.only] if self.site.only else []
        argv = ["tcpdump", *where, "--immediate-mode", "-U", "-n", *snap, "-w", str(self.out), *only]
        self.tcpdump = self.box("mon").start(*argv, log=self.folder / "tcpdump.log")
        self._wait(lambda: self.out.exists() and self.out.stat().st_size >= 24, "tcpdump")

    def ready(self) -> None:
        apps = [("fe", FE_APP + i) for i, _ in enumerate(self.site.pool)] + [("rp", RP_APP + i) for i, _ in enumerate(self.site.pool)]
        wanted = {"fe": {80, 443}, "rp": {80, 443}, "net": {80, 443, 853, NET_APP, 53}}
        for box, port in apps:
            wanted[box].add(port)
        for box, port in self.site.closed:
            wanted.get(box, set()).discard(port)
        for box, ports in wanted.items():
            self._wait(lambda box=box, ports=ports: ports <= self._listening(box), f"servers of {box}")

    def _listening(self, box: str) -> set[int]:
        lines = self.box(box).run("ss", "-Hltn").stdout.splitlines()
        return {_port(line.split()[3]) for line in lines if line.strip()}

    def _wait(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 15
        while not ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not start: {[p.read_text()[-300:] for p in self.folder.glob('*.log')]}")
            time.sleep(0.03)

    def stop_capture(self) -> None:
        time.sleep(0.3)
        if self.tcpdump:
            os.killpg(self.tcpdump.pid, signal.SIGINT)
            self.tcpdump.wait(5)
            said = (self.folder / "tcpdump.log").read_text()
            if "\n0 packets dropped by kernel" not in said:
                raise RuntimeError(f"the recording is not whole: {said[-200:]}")

    # ------------------------------------------------------------ phones

    def phone(self, name: str, mac: str, platform: str, *, resolver: str | None = None, roots: Path | None = None, keys: bool = False) -> Phone:
        """A phone that joins the Wi-Fi and takes the lease that it is given."""
        port = f"ph{len(self.phones) + 1}"
        self._wire(port, "wlan0", "ap", port, mac, bridge="br0")
        made = Phone(self.box(port), name, mac, "", platform, roots or self.pki.public_roots, self.keys if keys else None)
        self.join(made, resolver=resolver)
        if self.site.ipv6:
            made.also = [self._autoconfigured(made)]
        self.phones.append(made)
        return made

    def join(self, phone: Phone, *, net: str = co.LAN, resolver: str | None = None) -> None:
        """The phone's DHCP exchange, and what follows from it."""
        done = phone.box.run(sys.executable, str(HERE / "clients" / "dhclient.py"), "wlan0", phone.mac, phone.name, phone.platform)
        address, *given = done.stdout.split()
        if phone.address:
            phone.also.append(phone.address)
        phone.address = address
        phone.box.run("ip", "-4", "addr", "flush", "dev", "wlan0")
        phone.box.ip(f"addr add {address}/24 dev wlan0", f"route add default via {net}.1")
        resolv(phone.box, *([resolver] if resolver else given))

    def _autoconfigured(self, phone: Phone) -> str:
        """The phone's global IPv6 address (RFC 4862)."""
        found: list[str] = []

        def there() -> bool:
            words = phone.box.run("ip", "-6", "-o", "addr", "show", "dev", "wlan0", "scope", "global").stdout.split()
            found[:] = [w.split("/")[0] for w in words if w.startswith("2001:db8:")]
            return bool(found)

        self._wait(there, "IPv6 autoconfiguration")
        return found[0]

    def roam(self, phone: Phone) -> None:
        """The phone changes to the guest network of the same access point."""
        if self.dhcp:
            os.killpg(self.dhcp.pid, signal.SIGTERM)
            self.dhcp.wait(3)
        self.box("rtr").address("lan", f"{co.GUEST}.1/24")
        self.dhcp = self._dnsmasq("rtr", "guest", servers.guest_dhcp(self.folder / "guest-leases"))
        time.sleep(0.2)
        self.join(phone, net=co.GUEST)

    def outside_phone(self, name: str, platform: str) -> Phone:
        """A phone on the internet: at the tap it has the provider's MAC."""
        self._wire("out1", "wwan0", "net", "mobile")
        self.box("net").address("mobile", "198.18.5.1/24")
        box = self.box("out1")
        box.address("wwan0", "198.18.5.77/24")
        box.ip("route add default via 198.18.5.1")
        resolv(box, co.PUBLIC_DNS)
        mac = json.loads(self.box("net").run("ip", "-j", "link", "show", "eth0").stdout)[0]["address"]
        made = Phone(box, name, mac, "198.18.5.77", platform, self.pki.public_roots)
        self.phones.append(made)
        return made


def _port(where: str) -> int:
    return int(where.rsplit(":", 1)[-1])


__all__ = ["Phone", "Site", "World", "sh"]
