"""Somebody edited the answer by hand: typographic quotes, a link without scheme, and a host without domain. The phone tries the external name then."""

from kit import Answer, Company, Tape, documents

BROKEN = (
    "{“AccessLocation”:“Internal”,“Root”:{“Links”:[{“href”:“webint.contoso.com/Autodiscover/AutodiscoverService.svc/root/domain”,“token”:“Domain”},"
    "{“href”:“https:\\/\\/WEBINT\\/Autodiscover\\/AutodiscoverService.svc\\/root\\/user”,“token”:“User”}]}}"
)


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    with phone.https("lyncdiscoverinternal") as web:
        web.get("/?sipuri=sip:joe@contoso.com", Answer(200, BROKEN, documents.LYNC_JSON))
    phone.asks_root("lyncdiscover", "External")
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    return site.tape
