"""Discovery by port 80 on purpose: 443 of the discovery name is closed, and clear-text HTTP answers nothing but a redirect to https on another name."""

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
        web.get("/?sipuri=sip:mia@contoso.com", documents.redirect("Internal", f"https://webext.contoso.com{documents.SERVICE}"))
    phone.signs_in()
    return site.tape
