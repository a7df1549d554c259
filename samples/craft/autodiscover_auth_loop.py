"""A proxy authenticates on its own: complete credentials are sent to Exchange again and again, and answered with 401 each time."""

from kit import Company, Tape, documents

BASIC = "Basic am9lQGNvbnRvc28uY29tOmV4YW1wbGU="


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    with phone.https("autodiscover") as web:
        body = documents.question()
        web.post(documents.EXCHANGE_PATH, documents.basic_challenge(), body, Content_Type="text/xml")
        for _ in range(4):
            web.post(documents.EXCHANGE_PATH, documents.basic_challenge(), body, Content_Type="text/xml", Authorization=BASIC)
            site.tape.wait(3)
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_exchange()
    return site.tape
