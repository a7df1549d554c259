"""A portal stands before the network: it answers the system's own probe, and the clear-text request to the discovery name, with its login page."""

from kit import Answer, Company, Tape, documents

PROBE = "captive.apple.com"
SUCCESS = Answer(200, "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>")


def _probes(answer: Answer) -> Tape:
    site = Company()
    phone = site.iphone()
    site.zone[PROBE] = site.host("198.51.100.17", hops=9, rtt=0.011).ip
    phone.joins()
    with phone.http(PROBE) as web:
        web.get("/hotspot-detect.html", answer)
    phone.asks_root()
    phone.signs_in()
    return site.tape


def craft() -> Tape:
    return _probes(documents.moved("http://portal.guest.example/login?from=10.20.0.31"))


def healthy() -> Tape:
    return _probes(SUCCESS)
