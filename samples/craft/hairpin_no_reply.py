"""The firewall drops what the inside sends to the own public address: SYNs and nothing else (a filter against spoofing does so)."""

from kit import Company, Tape, documents


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    with phone.https("www.example.com") as web:
        web.get("/", documents.page())
    phone.resolves("webext")
    phone.dials(site.proxy).unanswered()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape
