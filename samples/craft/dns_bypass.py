"""Android's Private DNS is set to a provider of its own: DNS over TLS, so that the inside zone is never asked."""

from kit import Company, Tape, pki


def craft() -> Tape:
    site = Company()
    first, second = site.iphone(), site.android()
    provider = site.host("198.51.100.53", hops=10, rtt=0.012)
    site.chains[provider.ip] = pki.public("dns.example.net")
    first.joins()
    first.asks_root()
    first.signs_in()
    second.joins()
    second.asks_privately(provider, "dns.example.net", questions=4)
    second.asks_root("lyncdiscover", "External", lookup=False)
    second.signs_in(lookup=False)
    return site.tape


def healthy() -> Tape:
    site = Company()
    for phone in (site.iphone(), site.android()):
        phone.joins()
        phone.asks_root()
        phone.signs_in()
    return site.tape
