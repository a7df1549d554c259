"""DNS records."""

from __future__ import annotations

from typing import Any

from scapy.layers.dns import DNSRR, DNSRRSOA, DNSRRSRV


def address(owner: str, ip: str, ttl: int) -> Any:
    """A."""
    return DNSRR(rrname=owner + ".", type="A", ttl=ttl, rdata=ip)


def alias(owner: str, target: str, ttl: int) -> Any:
    """CNAME."""
    return DNSRR(rrname=owner + ".", type="CNAME", ttl=ttl, rdata=target + ".")


def service(owner: str, target: str, port: int, ttl: int = 300) -> Any:
    """SRV (RFC 2782)."""
    return DNSRRSRV(rrname=owner + ".", ttl=ttl, priority=0, weight=0, port=port, target=target + ".")


def start_of(zone: str) -> Any:
    """The SOA that comes with a negative answer (RFC 2308, 3)."""
    return DNSRRSOA(
        rrname=zone + ".",
        ttl=900,
        mname=f"dc01.{zone}.",
        rname=f"hostmaster.{zone}.",
        serial=4711,
        refresh=900,
        retry=600,
        expire=86400,
        minimum=3600,
    )
