"""Exchange autodiscover over https sends the phone to an http URL."""

from kit import Company, Tape, documents


def _sent_to(url: str, *, follows: bool) -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    with phone.https("autodiscover") as web:
        web.post(documents.EXCHANGE_PATH, documents.moved(url), documents.question(), Content_Type="text/xml")
    if follows:
        phone.asks_exchange("mail")
    return site.tape


def craft() -> Tape:
    return _sent_to("http://mail.contoso.com/autodiscover/autodiscover.xml", follows=False)


def healthy() -> Tape:
    return _sent_to("https://mail.contoso.com/autodiscover/autodiscover.xml", follows=True)
