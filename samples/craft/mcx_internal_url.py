"""Internal/Mcx and Ucwa name the internal web services: phones on the Wi-Fi use them, and are lost as soon as they leave it."""

from kit import Company, Tape, documents


def _user(mcx: str) -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    with phone.https("webext") as web:
        answer = documents.user("Internal", internal="webint.contoso.com", external="webext.contoso.com", mcx=mcx)
        web.get(f"{documents.SERVICE}/user", answer, X_MS_WebTicket="opaque=0123456789abcdef0123456789abcdef")
    return site.tape


def craft() -> Tape:
    return _user("webint.contoso.com")


def healthy() -> Tape:
    return _user("webext.contoso.com")
