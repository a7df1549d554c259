"""Servers that cannot be reached where no U-turn is in play: service-*, uplink, push (docs/domain.md, 9)."""

from __future__ import annotations

from acts import discover, exchange, get, lync_inside
from company import BARE, FE, FOREIGN, WEB, Site
from world import World

from scenarios._registry import Expect, everywhere, iphone, scenario, two

NOWHERE = "10.107.171.99"
GONE = {"lyncdiscoverinternal.contoso.com": NOWHERE}


@scenario("service_reset", "443 of the front end refuses, discovery goes on over clear HTTP", Site(closed=(("fe", 443),), app={"clear_full": True}),
          codes=("service-reset", "http-fallback"), twin="healthy_option_b2")  # fmt: skip
def _service_reset(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        discover(world, phone)
        discover(world, phone, scheme="http")
    return everywhere(phones, "service-reset", "http-fallback", facts={"http-fallback": {"form": "failed"}, "service-reset": {"address": FE}})


@scenario("service_no_reply", "the front end's address is dropped on the way", Site(records=GONE), codes=("service-no-reply",))
def _service_no_reply(world: World) -> list[Expect]:
    phone = iphone(world)
    world.box("rtr").nft(f"table ip more {{\nchain f {{\ntype filter hook forward priority 1;\nip daddr {NOWHERE} drop\n}}\n}}\n")
    discover(world, phone)
    return [Expect(phone, ("service-no-reply",), severity={"service-no-reply": "critical"}, outcome="failed")]


@scenario("service_unreachable", "the front end's address is not on its network", Site(records=GONE), codes=("service-unreachable",))
def _service_unreachable(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    return [Expect(phone, ("service-unreachable",), severity={"service-unreachable": "critical"})]


@scenario("service_stalls", "the connection to the front end opens and then nothing large comes through", codes=("service-no-reply",))
def _service_stalls(world: World) -> list[Expect]:
    phone = iphone(world)
    world.box("rtr").nft('table ip more {\nchain f {\ntype filter hook forward priority 1;\niifname "fe" meta length > 600 drop\n}\n}\n')
    discover(world, phone)
    return [Expect(phone, ("service-no-reply",), facts={"service-no-reply": {"point": "after-handshake"}})]


@scenario("service_second_address", "the first of two addresses does not answer, the second does: it works, slowly", Site(records={
    "lyncdiscoverinternal.contoso.com": f"{NOWHERE}|{FE}"}))  # fmt: skip
def _second_address(world: World) -> list[Expect]:
    phone = iphone(world)
    world.box("rtr").nft(f"table ip more {{\nchain f {{\ntype filter hook forward priority 1;\nip daddr {NOWHERE} drop\n}}\n}}\n")
    lync_inside(world, phone)
    return [Expect(phone, allowed=("service-no-reply",), severity={"service-no-reply": "warning"})]


@scenario("service_ipv6", "the front end's IPv6 address does not answer, its IPv4 address does", Site(ipv6=True, records={
    "lyncdiscoverinternal.contoso.com": f"{FE}|2001:db8:107::99"}), codes=("service-unreachable",), twin="healthy_ipv6")  # fmt: skip
def _service_v6(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone, wait=4)
    get(phone, world.url("LDI", "/"), "-6", wait=4)
    return [Expect(phone, any_of=(("service-unreachable", "hairpin-unreachable"),), severity={"service-unreachable": "warning"})]


@scenario("uplink_down", "nothing outside answers", Site(uplink=False), codes=("uplink-down",), twin="healthy_beside_strangers")
def _uplink(world: World) -> list[Expect]:
    phones = two(world)
    for address in (WEB, BARE, FOREIGN):
        get(phones[0], f"https://{address}/", wait=2.2)
    lync_inside(world, phones[0])
    return [*everywhere(phones), Expect(None, ("uplink-down",))]


@scenario("push_blocked", "5223 outbound is dropped, 443 is not", Site(push=False), codes=("push-blocked",), twin="healthy_push")
def _push(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    get(phone, "https://www.example.com/")
    get(phone, "https://courier.push.apple.com:5223/", wait=3.5)
    return [Expect(phone, ("push-blocked",), severity={"push-blocked": "info"})]


@scenario("healthy_push", "5223 outbound works")
def _healthy_push(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    get(phone, "https://www.example.com/")
    get(phone, "https://courier.push.apple.com:5223/", "-k", wait=3.5)
    exchange(world, phone)
    return [Expect(phone)]
