"""The front ends behind the proxy and the internal address are down: both discovery names answer 503."""

from kit import Answer, Company, Tape, documents

DOWN = Answer(
    503, "<h2>Service Unavailable</h2>", "text/html", {"X-Ms-diagnostics": '28032;source="fe01.contoso.com";reason="The web ticket is invalid."'}
)


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    for name in ("lyncdiscoverinternal", "lyncdiscover"):
        with phone.https(name) as web:
            web.get(f"{documents.SERVICE}?sipuri=sip:joe@contoso.com", DOWN)
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape
