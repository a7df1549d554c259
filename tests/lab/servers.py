"""Configuration of the real servers of the lab, as text: dnsmasq, nginx, haproxy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from company import DNSIP, DNSIP2, GUEST, LAN, LAN6, PUBLIC_DNS, Site
from pki import dh_group

PLAIN = ("no-resolv", "no-hosts", "bind-interfaces", "keep-in-foreground", "user=root", "pid-file=")


# ---------------------------------------------------------------- dnsmasq


def resolver(site: Site, address: str, zone: Mapping[str, str]) -> str:
    """A resolver that is authoritative for the company's domain."""
    lines = [*PLAIN, f"listen-address={address}", f"local=/{site.domain}/", "local=/example.com/", "local=/apple.com/", f"local-ttl={site.ttl}"]
    if site.dns == "servfail":
        return "\n".join([*PLAIN, f"listen-address={address}"]) + "\n"
    for name, addresses in zone.items():
        lines.append(f"host-record={name},{addresses.replace('|', ',')}")
    lines += [f"cname={words}" for words in site.cnames] + [f"srv-host={words}" for words in site.srv]
    return "\n".join(lines) + "\n"


def filtering_resolver(address: str) -> str:
    """The Wi-Fi router's own resolver: asks the company's and takes private addresses out of the answers."""
    return "\n".join([*PLAIN, f"listen-address={address}", f"server={DNSIP}", "stop-dns-rebind", "cache-size=0"]) + "\n"


def dhcp(site: Site, leases: Path) -> str:
    """Addresses for phones, of both families if the site has both."""
    resolvers = [f"{LAN}.1"] if site.dns == "rebind" else [DNSIP, DNSIP2] if site.second_view is not None else [DNSIP]
    lines = [*PLAIN, "port=0", "interface=lan", "no-ping", f"dhcp-leasefile={leases}", f"dhcp-range={LAN}.50,{LAN}.120,1h", "dhcp-authoritative"]
    lines += [f"dhcp-option=6,{','.join(resolvers)}", f"dhcp-option=15,{site.domain}"]
    if site.ipv6:
        lines += ["enable-ra", f"dhcp-range={LAN6}:,ra-only,64,10m", "ra-param=lan,2,600"]
    return "\n".join(lines) + "\n"


def guest_dhcp(leases: Path) -> str:
    """The guest network: another range, a public resolver."""
    lines = [*PLAIN, "port=0", "interface=lan", "no-ping", f"dhcp-leasefile={leases}", f"dhcp-range={GUEST}.50,{GUEST}.120,1h", "dhcp-authoritative"]
    return "\n".join([*lines, f"dhcp-option=3,{GUEST}.1", f"dhcp-option=6,{PUBLIC_DNS}"]) + "\n"


# ---------------------------------------------------------------- nginx


@dataclass(frozen=True)
class Listener:
    """One server block: where it listens, with which certificate, and which application stands behind it."""

    where: str
    apps: tuple[int, ...]
    chain: tuple[Path, Path] | None = None
    names: tuple[str, ...] = ()
    forwarded: bool = False


def nginx(site: Site, listeners: Iterable[Listener], work: Path) -> str:
    """The whole configuration of one nginx."""
    temp = " ".join(f"{kind}_temp_path {work}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    blocks = [_upstream(i, x) + _server(site, i, x) for i, x in enumerate(listeners)]
    return (
        f"user root; daemon off; worker_processes 1; pid {work}/pid; error_log {work}/error.log; events {{ worker_connections 64; }}\n"
        f"http {{ access_log off; {temp} server_names_hash_bucket_size 128;\n" + "\n".join(blocks) + "\n}\n"
    )


def _upstream(number: int, listener: Listener) -> str:
    return f"upstream app{number} {{ " + " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in listener.apps) + " }\n"


def _server(site: Site, number: int, listener: Listener) -> str:
    """Nothing is kept alive towards the applications, so that the next request meets the next of them."""
    tls = _tls(site, *listener.chain) if listener.chain else ""
    words = (" ssl" if listener.chain else "") + (" http2" if listener.chain and site.http2 else "")
    extra = "proxy_set_header X-Forwarded-For $remote_addr;" if listener.forwarded else ""
    name = f"server_name {' '.join(listener.names)};" if listener.names else ""
    return (
        f"server {{ listen {listener.where}{words}; {name} {tls} location / {{ proxy_pass http://app{number}; proxy_http_version 1.1; "
        f"proxy_read_timeout 60s; proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme; {extra} proxy_pass_header Server; }} }}"
    )


def _tls(site: Site, chain: Path, key: Path) -> str:
    cache, tickets = "shared:s:1m" if site.resume else "off", "on" if site.resume == "ticket" else "off"
    refuse = "ssl_reject_handshake on;" if site.refuse_names else f"ssl_certificate {chain}; ssl_certificate_key {key};"
    groups = f"ssl_dhparam {dh_group(key.parent)};" if site.ciphers.startswith("DHE") else ""
    return f"{refuse} ssl_protocols {site.tls}; ssl_ciphers {site.ciphers}; {groups} ssl_session_cache {cache}; ssl_session_tickets {tickets};"


# ---------------------------------------------------------------- haproxy


def relay(rules: Iterable[tuple[str, str]], idle_s: float) -> str:
    """A load balancer on layer 4: (listen, forward to) pairs, cutting connections that are silent for ``idle_s``."""
    text = f"global\n  maxconn 64\ndefaults\n  mode tcp\n  timeout connect 2s\n  timeout client {idle_s * 1000:.0f}ms\n  timeout server {idle_s * 1000:.0f}ms\n"
    return text + "".join(f"listen l{i}\n  bind {bind}\n  server s {to}\n" for i, (bind, to) in enumerate(rules))
