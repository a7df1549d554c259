"""The gateway publishes port 80 of the public address to the inside, but keeps 443 for itself: its own RST answers the SYN, sooner and with a higher
TTL than the proxy's packets."""

from kit import Company, Tape, documents


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.zone["www.contoso.com"] = site.proxy.ip
    phone.joins()
    phone.asks_root()
    with phone.http("www.contoso.com") as web:
        web.get("/", documents.page())
    phone.resolves("webext")
    for _ in range(2):
        talk = phone.dials(site.proxy)
        talk.syn()
        talk.reset("server", after=0.00005, ttl=64)
        site.tape.wait(1.5)
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape
