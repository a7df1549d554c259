"""Destination NAT without source NAT, and the proxy has a way of its own to the phones: it answers from its private address, which nobody asked."""

from kit import Company, Tape
from kit.company import PROXY
from kit.talk import Talk


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    proxy = site.host(PROXY)
    phone.joins()
    phone.asks_root()
    phone.resolves("webext")
    asked = phone.dials(site.proxy)
    for number, pause in enumerate((0.0004, 1.0, 1.0)):
        asked.syn(after=pause)
        answer = Talk(site.wire, phone, proxy, asked.client.port, 443)
        answer.client.isn = asked.client.isn
        answer.client.seq = asked.client.seq
        answer.server.isn = answer.server.seq = answer.server.isn + 7_000_000 * number & 0xFFFFFFFF
        answer.syn_ack()
        answer.refuse()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape
