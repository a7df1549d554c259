"""The U-turn works, and both sides of the NAT are mirrored: every packet to and from the public address comes twice. No fault."""

from kit import Company, Tape, views
from kit.company import NAT_INSIDE, PROXY

MACS = ("00:1a:1e:53:db:bb", "00:50:56:8e:22:50")


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    views.behind_nat(site.tape, site.proxy.ip, PROXY, NAT_INSIDE, MACS)
    return site.tape
