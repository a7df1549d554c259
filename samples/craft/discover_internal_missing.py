"""The inside zone has no lyncdiscoverinternal: a desktop client goes on with lyncdiscover and takes itself for an outside one."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    pc = site.desktop()
    site.zone["lyncdiscoverinternal.contoso.com"] = None
    pc.joins()
    pc.resolves("lyncdiscoverinternal")
    pc.asks_root("lyncdiscover", "External")
    pc.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    pc = site.desktop()
    pc.joins()
    pc.asks_root()
    pc.signs_in()
    return site.tape
