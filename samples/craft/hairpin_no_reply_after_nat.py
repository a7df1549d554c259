"""The NAT works, and the proxy's filter drops what comes back from its own network: the tap on both sides sees each SYN twice, the second one translated."""

from kit import Company, Tape, views
from kit.company import NAT_INSIDE, PROXY

MACS = ("00:1a:1e:53:db:bb", "00:50:56:8e:22:50")


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.resolves("webext")
    phone.dials(site.proxy).unanswered((1, 2, 3))
    views.behind_nat(site.tape, site.proxy.ip, PROXY, NAT_INSIDE, MACS)
    return site.tape
