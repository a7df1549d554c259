"""The U-turn to the company's own public address, broken in every way (docs/domain.md, 5)."""

from __future__ import annotations

import time
from typing import Any

from acts import discover, get, lync_external, lync_inside
from company import PUB, RP, RP6, Site
from world import World

from scenarios._registry import Expect, everywhere, iphone, scenario, two

COPIES = Expect(None, allowed=("capture-duplicates",))


def _broken(name: str, text: str, site: Site, code: str, *, twin: str = "healthy", expect: Expect | None = None, **facts: Any) -> None:
    @scenario(name, text, site, codes=(code,), twin=twin)
    def play(world: World) -> list[Expect]:
        phones = two(world)
        for phone in phones:
            lync_inside(world, phone)
        told = everywhere(
            phones, code, severity={code: "critical"}, facts={code: {"address": PUB, "port": 443, "family": "ipv4", **facts}}, outcome="failed"
        )
        return [*told, *([expect] if expect else [])]


def _both(hairpin: str, **kw: Any) -> Site:
    return Site(hairpin=hairpin, mirror=("ap", "dmz"), **kw)


_broken("hairpin_drop", "the firewall takes the U-turn for spoofing and drops it", Site(hairpin="drop"), "hairpin-no-reply")
_broken("hairpin_drop_both_sides", "the same, and the far side of the NAT is mirrored too", _both("drop"), "hairpin-no-reply", twin="healthy_both_sides",
        expect=COPIES)  # fmt: skip
_broken("hairpin_after_nat", "the NAT works, the proxy drops; both sides are mirrored", _both("after-nat"), "hairpin-no-reply", twin="healthy_both_sides",
        expect=COPIES, point="after-nat")  # fmt: skip
_broken("hairpin_anti_spoof", "the proxy's reverse path filter drops what was not source-translated; both sides are mirrored", _both("anti-spoof"),
        "hairpin-no-reply", twin="healthy_both_sides", expect=COPIES, point="after-nat")  # fmt: skip
_broken("hairpin_asym_unseen", "the proxy answers past the firewall and past the tap", Site(hairpin="asym-far"), "hairpin-no-reply")
_broken("hairpin_reset", "the gateway refuses the U-turn", Site(hairpin="reset"), "hairpin-reset", rst_ttl=64)
_broken("hairpin_no_listener", "the NAT works, and nothing listens at the proxy", Site(closed=(("rp", 443),)), "hairpin-reset", rst_ttl=63,
        gateway_answered=False)  # fmt: skip
_broken("hairpin_prohibited", "policy: ICMP 3/13", Site(hairpin="icmp-admin-prohibited"), "hairpin-unreachable", icmp_code=13)
_broken("hairpin_no_route", "the gateway has no route to its own public range: ICMP 3/0", Site(hairpin="icmp-net-unreachable"), "hairpin-unreachable",
        icmp_code=0)  # fmt: skip
_broken("hairpin_host_unreachable", "the NAT's target is gone: ICMP 3/1", Site(hairpin="icmp-host-unreachable"), "hairpin-unreachable", icmp_code=1)
_broken("hairpin_port_unreachable", "ICMP 3/3", Site(hairpin="icmp-port-unreachable"), "hairpin-unreachable", icmp_code=3)
_broken("hairpin_loop", "gateway and provider send it to and fro until its TTL ends: ICMP 11", Site(hairpin="loop"), "hairpin-unreachable",
        icmp_type=11, subtype="ttl-exceeded")  # fmt: skip
_broken("hairpin_asym", "the proxy answers from its private address", Site(hairpin="asym"), "hairpin-asymmetric-reply", reply_from="172.20.23.28")
_broken("hairpin_asym_both_sides", "the same, seen before and after the NAT", Site(hairpin="asym", mirror=("ap", "rplan")), "hairpin-asymmetric-reply",
        twin="healthy_both_sides", expect=COPIES, reply_from="172.20.23.28")  # fmt: skip
_broken("hairpin_stall", "small packets make the U-turn, large ones do not", Site(hairpin="stall"), "hairpin-stalled", point="after-handshake")
_broken("hairpin_black_hole", "the way back has a smaller MTU, and the proxy does not hear the ICMP that says so", Site(hairpin="black-hole"),
        "hairpin-stalled")  # fmt: skip
_broken("hairpin_black_hole_both_sides", "the same, and the tap in the DMZ sees ICMP 3/4", _both("black-hole"), "hairpin-stalled",
        twin="healthy_both_sides", expect=COPIES, mtu=1280)  # fmt: skip


@scenario(
    "hairpin_reset_443",
    "the gateway refuses 443 itself, while port 80 is translated: TTL and delay tell",
    Site(hairpin="reset443"),
    codes=("hairpin-reset",),
)
def _reset_443(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    for _ in range(3):
        get(phone, world.url("EXT", "/", "http"))
    lync_external(world, phone)
    facts = {"hairpin-reset": {"gateway_answered": True, "rst_ttl": 64}}
    return [Expect(phone, ("hairpin-reset",), facts=facts, severity={"hairpin-reset": "critical"})]


@scenario(
    "hairpin_one_phone", "the U-turn of one phone is dropped, that of the other is not needed", Site(hairpin="drop"), codes=("hairpin-no-reply",)
)
def _one_phone(world: World) -> list[Expect]:
    phones = two(world)
    lync_inside(world, phones[0])
    discover(world, phones[1])
    return [Expect(phones[0], ("hairpin-no-reply",)), Expect(phones[1])]


# ---------------------------------------------------------------- by family


@scenario("hairpin_ipv6_dropped", "IPv4 makes the U-turn, the firewall drops IPv6; phones fall back", Site(ipv6=True, v6_drop=True),
          codes=("hairpin-no-reply",), twin="healthy_ipv6")  # fmt: skip
def _v6_dropped(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    get(phone, world.url("EXT", "/Mcx/McxService.svc"), "-6", post=True, wait=3.5)
    return [Expect(phone, ("hairpin-no-reply",), facts={"hairpin-no-reply": {"address": RP6, "family": "ipv6"}})]


@scenario("hairpin_ipv4_hidden", "IPv6 works and hides that the IPv4 U-turn is dropped, until a phone needs it", Site(ipv6=True, hairpin="drop"),
          codes=("hairpin-no-reply",), twin="healthy_ipv6")  # fmt: skip
def _v4_hidden(world: World) -> list[Expect]:
    phones = two(world)
    lync_inside(world, phones[0])
    discover(world, phones[1])
    get(phones[1], world.url("EXT", "/Mcx/McxService.svc"), "-4", post=True, wait=3.5)
    facts = {"hairpin-no-reply": {"address": PUB, "family": "ipv4"}}
    return [Expect(phones[0]), Expect(phones[1], ("hairpin-no-reply",), facts=facts)]


# ---------------------------------------------------------------- the alternative: split DNS

PRIVATE = {"webext.contoso.com": RP}


def _known_names(world: World, phone: Any) -> None:
    """Discovery in clear text, whose answer names the external web services."""
    discover(world, phone, scheme="http")
    get(phone, world.url("INTW", "/Autodiscover/AutodiscoverService.svc/root/domain", "http"))


def _bypassed(name: str, ttl: int, severity: str) -> None:
    @scenario(name, f"inside DNS answers the external name with the proxy's inside address, TTL {ttl}", Site(records=PRIVATE, ttl=ttl, app={"clear_full": True}),
              codes=("hairpin-bypassed",))  # fmt: skip
    def play(world: World) -> list[Expect]:
        phone = iphone(world)
        discover(world, phone)
        _known_names(world, phone)
        lync_external(world, phone)
        facts = {"hairpin-bypassed": {"address": RP, "ttl": ttl}}
        return [Expect(phone, ("hairpin-bypassed",), allowed=("http-fallback",), severity={"hairpin-bypassed": severity}, facts=facts)]


_bypassed("bypassed_ttl_3600", 3600, "warning")
_bypassed("bypassed_ttl_60", 60, "info")
_bypassed("bypassed_ttl_0", 0, "info")


@scenario("bypassed_encrypted", "the same, and nothing says that the name is the external one", Site(records=PRIVATE, ttl=3600), codes=())
def _bypassed_encrypted(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    return [Expect(phone, allowed=("hairpin-bypassed",))]


@scenario("bypassed_lyncdiscover", "inside DNS answers lyncdiscover itself with the proxy's inside address", Site(records={
    "lyncdiscoverinternal.contoso.com": None, "lyncdiscover.contoso.com": RP}), codes=("hairpin-bypassed",))  # fmt: skip
def _bypassed_ld(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    discover(world, phone, "LD")
    return [Expect(phone, ("hairpin-bypassed",), allowed=("discover-internal-missing",))]


@scenario("bypassed_then_roams", "the phone moves to the guest network, where the same name has the public address", Site(records=PRIVATE, ttl=3600, app={
    "clear_full": True}), codes=("hairpin-bypassed", "dns-split-mismatch"))  # fmt: skip
def _roams(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    _known_names(world, phone)
    lync_external(world, phone)
    world.roam(phone)
    time.sleep(0.5)
    lync_external(world, phone)
    facts = {"hairpin-bypassed": {"both_views": True}}
    return [
        Expect(phone, ("hairpin-bypassed", "dns-split-mismatch"), allowed=("http-fallback",), severity={"hairpin-bypassed": "warning"}, facts=facts)
    ]
