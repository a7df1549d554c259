"""Mobility is switched off by policy: the mobility service answers 403."""

from kit import Answer, Company, Tape


def _mcx(answer: Answer) -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    with phone.https("webext", lookup=False) as web:
        web.post("/Mcx/McxService.svc", answer, X_MS_WebTicket="opaque=0123456789abcdef0123456789abcdef")
    return site.tape


def craft() -> Tape:
    diagnostics = {"X-Ms-diagnostics": '20200;source="fe01.contoso.com";reason="Mobility is not enabled for this user."'}
    return _mcx(Answer(403, "<h2>403 Forbidden</h2>", "text/html", diagnostics))


def healthy() -> Tape:
    return _mcx(Answer(200, "{}", "application/json"))
