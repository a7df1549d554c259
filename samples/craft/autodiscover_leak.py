"""Nothing answers for the mail domain, and the client "fails up" to autodiscover.<public suffix>, which belongs to a stranger."""

from kit import Company, Tape, pki

STRANGER = "autodiscover.co.uk"


def craft() -> Tape:
    site = Company("contoso.co.uk")
    phone = site.android()
    stranger = site.host("198.51.100.66", hops=13, rtt=0.031)
    site.zone |= {"contoso.co.uk": None, "autodiscover.contoso.co.uk": None, STRANGER: stranger.ip}
    site.chains[stranger.ip] = pki.public(STRANGER)
    phone.joins()
    phone.resolves("contoso.co.uk")
    phone.resolves("autodiscover")
    phone.asks("_autodiscover._tcp.contoso.co.uk", "SRV", rcode=3)
    phone.asks_exchange(STRANGER)
    return site.tape


def healthy() -> Tape:
    site = Company("contoso.co.uk")
    phone = site.android()
    site.zone["contoso.co.uk"] = None
    phone.joins()
    phone.resolves("contoso.co.uk")
    phone.asks_exchange()
    return site.tape
