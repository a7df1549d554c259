"""Autodiscover is not published; a desktop client goes on to the SIP records and signs in, so that its user sees no fault."""

from kit import Company, Tape, records

NAMES = ("lyncdiscoverinternal", "lyncdiscover")


def craft() -> Tape:
    site = Company()
    pc = site.desktop()
    site.zone |= {f"{name}.contoso.com": None for name in NAMES} | {"sip.contoso.com": "10.0.0.10"}
    pc.joins()
    for name in NAMES:
        pc.resolves(name)
    pc.asks("_sipinternaltls._tcp.contoso.com", "SRV", [records.service("_sipinternaltls._tcp.contoso.com", "sip.contoso.com", 5061)])
    pc.resolves("sip")
    pc.connects(site.front_end, 5061)
    return site.tape


def healthy() -> Tape:
    site = Company()
    pc = site.desktop()
    pc.joins()
    pc.asks_root()
    pc.signs_in()
    return site.tape
