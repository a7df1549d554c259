"""Port 5223 to the push service is filtered, and 443 works: iPhones are not woken for calls."""

from kit import Company, Tape, documents


def _wakes(*, blocked: bool) -> Tape:
    site = Company()
    phone = site.iphone()
    push = site.host("198.51.100.141", hops=9, rtt=0.02)
    phone.joins()
    phone.asks_root()
    with phone.https("www.example.com") as web:
        web.get("/", documents.page())
    with site.tape.meanwhile():
        if blocked:
            phone.dials(push, 5223).unanswered((1, 2, 3))
        else:
            phone.connects(push, 5223).close(after=1)
    phone.signs_in()
    site.tape.wait(4)
    phone.looks_for(site.gateway)
    return site.tape


def craft() -> Tape:
    return _wakes(blocked=True)


def healthy() -> Tape:
    return _wakes(blocked=False)
