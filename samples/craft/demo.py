"""Three phones of one company on a Monday morning, for the README and ``make demo``.

Joe's iPhone is sent to a public address that the firewall does not turn round. Lea's Windows Phone does not know the company's CA, and goes on to the
external name without a word. Mia's Android, whose pool has a public address of its own, signs in.
"""

from kit import Company, Tape, documents, pki
from kit.company import FRONT_END
from kit.tls_bytes import TLS13

SECOND_POOL = "203.0.113.51"


def craft() -> Tape:
    site = Company()
    joe, lea, mia = site.iphone(), site.windows_phone(), site.android()
    site.host(SECOND_POOL, rtt=0.0011)
    site.zone |= {"lyncdiscover.contoso.com": SECOND_POOL, "webext2.contoso.com": SECOND_POOL}
    site.chains |= {
        FRONT_END: pki.private("lyncdiscoverinternal.contoso.com", "webint.contoso.com", common="fe01.contoso.com"),
        SECOND_POOL: pki.public("webext2.contoso.com", "lyncdiscover.contoso.com"),
    }
    joe.joins()
    joe.asks_root(version=TLS13)
    with joe.https("www.example.com", version=TLS13) as web:
        web.get("/", documents.page())
    joe.resolves("webext")
    with site.tape.meanwhile():
        joe.dials(site.proxy).unanswered()
    site.tape.wait(1.2)
    lea.joins()
    lea.refuses("lyncdiscoverinternal", alert=48)
    lea.asks_root("lyncdiscover", "External")
    lea.signs_in("webext2")
    site.tape.wait(2.4)
    mia.joins()
    mia.asks_root(version=TLS13)
    mia.signs_in("webext2", version=TLS13)
    return site.tape
