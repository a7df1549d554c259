"""Port 443 of the discovery name refuses, and the phone takes the whole answer over clear-text HTTP, where anybody could have written it."""

from kit import Company, Tape, documents


def craft() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    talk = phone.dials(site.front_end)
    talk.syn()
    talk.reset("server")
    with phone.http("lyncdiscoverinternal", lookup=False) as web:
        web.get("/?sipuri=sip:mia@contoso.com", documents.root("Internal", host="webint.contoso.com", user_host="webext.contoso.com"))
    phone.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    with phone.http("lyncdiscoverinternal") as web:
        web.get("/?sipuri=sip:mia@contoso.com", documents.redirect("Internal", f"https://lyncdiscoverinternal.contoso.com{documents.SERVICE}"))
    phone.asks_root()
    phone.signs_in()
    return site.tape
