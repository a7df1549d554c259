"""The capture begins in the middle of the sign-in: look-up and SYN of the first connection were before it."""

from kit import Company, Tape, documents
from kit.web import Web


def _signs_in(*, late: bool) -> Tape:
    site = Company()
    phone = site.iphone()
    site.tape.running = not late
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    talk = phone.connects(site.front_end)
    site.tape.running = True
    secure = phone.starts_tls(talk, "lyncdiscoverinternal")
    secure.flight()
    secure.finish()
    with Web(talk, "lyncdiscoverinternal.contoso.com", phone.agent, secure) as web:
        web.get("/?sipuri=sip:joe@contoso.com", documents.root("Internal", host="webint.contoso.com", user_host="webext.contoso.com"))
    phone.signs_in()
    return site.tape


def craft() -> Tape:
    return _signs_in(late=True)


def healthy() -> Tape:
    return _signs_in(late=False)
