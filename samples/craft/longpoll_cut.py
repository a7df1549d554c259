"""The proxy gives up on a silent back end after 30 s: every long poll of the app is cut at that age."""

from kit import Answer, Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.asks_root()
    for turn in range(6):
        web = phone.https("webext", lookup=turn == 0)
        web.ask("GET", "/ucwa/v1/applications/103/events?ack=1", None)
        web.talk.acknowledge("server", after=0.0011)
        site.tape.wait(29.9)
        web.close("server")
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.asks_root()
    for turn, silence in enumerate((41, 118, 9, 64, 97, 23)):
        web = phone.https("webext", lookup=turn == 0)
        web.ask("GET", "/ucwa/v1/applications/103/events?ack=1", None)
        web.talk.acknowledge("server", after=0.0011)
        site.tape.wait(silence)
        web.told(Answer(200, "{}", "application/json"))
        web.close()
    return site.tape
