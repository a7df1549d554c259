"""Nothing is wrong, in every form in which the failures come: each of these must stay silent."""

from __future__ import annotations

import acts
from acts import discover, exchange, get, lync_inside
from company import FE2, NATIP, PUB, SILENT, STRANGER
from world import Site, World

from scenarios._registry import Expect, everywhere, iphone, scenario, two


@scenario("healthy", "everything works, the U-turn too")
def _healthy(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone)
        acts.browse(phone)
    return everywhere(phones, outcome="succeeded")


@scenario("healthy_exchange", "Exchange autodiscover and ActiveSync work")
def _healthy_exchange(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        exchange(world, phone)
    return everywhere(phones)


@scenario("healthy_tls13", "everything works over TLS 1.3", Site(tls="TLSv1.3"))
def _healthy_tls13(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone)
        exchange(world, phone)
    return everywhere(phones)


@scenario("healthy_both_sides", "the U-turn works and is mirrored before and after the NAT", Site(mirror=("ap", "dmz")))
def _healthy_both_sides(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone)
    return [*everywhere(phones), Expect(None, allowed=("capture-duplicates",))]


@scenario("healthy_ipv6", "both families work, phones take the newer one", Site(ipv6=True))
def _healthy_ipv6(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone)
        lync_inside(world, phone)
    return everywhere(phones)


@scenario("healthy_happy_eyeballs", "the first SYN over IPv6 is lost, so phones race both families and IPv4 wins", Site(ipv6=True, v6_lossy=True))
def _eyeballs(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone)
    return everywhere(phones)


@scenario("healthy_clear_redirect", "HTTP answers only a Redirect to https, and the phone goes there")
def _redirect_only(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone, scheme="http")
    lync_inside(world, phone)
    return [Expect(phone)]


@scenario("healthy_port80_closed", "port 80 refuses and 443 works", Site(closed=(("fe", 80),)))
def _port80(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone, scheme="http")
    lync_inside(world, phone)
    return [Expect(phone)]


@scenario("healthy_option_b2", "https is closed on the discovery name on purpose, HTTP sends on to https elsewhere", Site(closed=(("fe2", 443),), records={
    "lyncdiscoverinternal.contoso.com": FE2}))  # fmt: skip
def _option_b2(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    discover(world, phone, scheme="http")
    get(phone, world.url("INTW", "/Autodiscover/AutodiscoverService.svc/root?originalDomain=contoso.com"))
    acts.lync_external(world, phone)
    told = {"service-reset": "info", "http-fallback": "info"}
    return [Expect(phone, allowed=("service-reset", "http-fallback"), severity=told)]


@scenario("healthy_portal_checks", "connectivity probes are answered as they should be")
def _probes(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        for url in ("http://captive.apple.com/hotspot-detect.html", "http://connectivitycheck.gstatic.com/generate_204"):
            get(phone, url)
        lync_inside(world, phone)
    return everywhere(phones)


@scenario("healthy_outside", "a phone on the internet, seen outside the firewall", Site(mirror=("wan",)))
def _outside(world: World) -> list[Expect]:
    phone = world.outside_phone("roaming", "ios")
    discover(world, phone, "LD", "http")
    acts.lync_external(world, phone)
    return [Expect(phone)]


@scenario("healthy_ordinary_traffic", "no autodiscover at all: an unanswered SYN to a stranger, refused ports, browsing")
def _ordinary(world: World) -> list[Expect]:
    phone = iphone(world)
    acts.browse(phone)
    get(phone, f"https://{STRANGER}/", wait=2.5)
    get(phone, f"https://{SILENT}/", wait=2.0)
    get(phone, f"https://{NATIP}:8443/", wait=2.0)
    get(phone, f"http://{PUB}:81/", wait=2.0)
    return [Expect(phone)]


@scenario("healthy_beside_strangers", "everything works, and besides a stranger does not answer and another refuses")
def _strangers(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    get(phone, f"https://{SILENT}/", wait=3.5)
    get(phone, f"https://{NATIP}:8443/", wait=2.0)
    exchange(world, phone)
    return [Expect(phone)]
