"""The U-turn goes through a tunnel that takes no full-size packets: the connection opens, and the server's certificate never arrives."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.resolves("webext")
    talk = phone.connects(site.proxy)
    secure = phone.starts_tls(talk, "webext")
    talk.acknowledge("server", after=site.proxy.rtt)
    with site.tape.off():
        secure.flight()
    talk.client.ack = talk.server.isn + 1
    talk.hang_up("client", after=5.0)
    talk.acknowledge("server", after=site.proxy.rtt)
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape
