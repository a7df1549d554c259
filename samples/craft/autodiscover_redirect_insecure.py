"""Exchange autodiscover over https sends the phone to an http URL."""

from kit import Company, Tape, documents


def _sent_to(url: str) -> tuple[Company, Tape]:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    with phone.https("autodiscover") as web:
        web.post(documents.EXCHANGE_PATH, documents.moved(url), documents.question(), Content_Type="text/xml")
    return site, site.tape


def craft() -> Tape:
    return _sent_to("http://mail.contoso.com/autodiscover/autodiscover.xml")[1]


def healthy() -> Tape:
    site, tape = _sent_to("https://mail.contoso.com/autodiscover/autodiscover.xml")
    site.iphone().asks_exchange("mail")
    return tape
