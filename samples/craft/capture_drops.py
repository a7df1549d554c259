"""The capturing machine was too slow: in two conversations segments are missing that the phone acknowledged, and the file's drop counter says so."""

from kit import Company, Tape, documents


def _browses(*, loses: bool) -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    for name in ("webext", "webint"):
        with phone.https(name) as web:
            web.ask("GET", f"{documents.SERVICE}/user", None)
            site.tape.running = not loses
            web.told(documents.user("Internal", internal="webint.contoso.com", external="webext.contoso.com"))
            site.tape.running = True
    site.tape.dropped = 2 if loses else 0
    return site.tape


def craft() -> Tape:
    return _browses(loses=True)


def healthy() -> Tape:
    return _browses(loses=False)
