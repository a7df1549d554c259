"""autodiscover sends to mail, and mail sends back to autodiscover."""

from kit import Company, Tape, documents

URL = "https://{}.contoso.com/autodiscover/autodiscover.xml"


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    for turn in range(4):
        here, there = ("autodiscover", "mail") if turn % 2 == 0 else ("mail", "autodiscover")
        with phone.https(here, lookup=turn < 2) as web:
            web.post(documents.EXCHANGE_PATH, documents.moved(URL.format(there)), documents.question(), Content_Type="text/xml")
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    with phone.https("autodiscover") as web:
        web.post(documents.EXCHANGE_PATH, documents.moved(URL.format("mail")), documents.question(), Content_Type="text/xml")
    phone.asks_exchange("mail")
    return site.tape
