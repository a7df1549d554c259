"""Names and the resolvers that answer for them (docs/domain.md, 4)."""

from __future__ import annotations

from acts import ask, client, discover, get, lync_external, lync_fallback, lync_inside
from company import DNSIP, DNSIP2, FOREIGN, PUB, PUBLIC_DNS, RP, Site
from world import World

from scenarios._registry import Expect, android, desktop, everywhere, iphone, scenario, two

LDI, LD, EXT = "lyncdiscoverinternal.contoso.com", "lyncdiscover.contoso.com", "webext.contoso.com"


@scenario("dns_internal_missing", "no lyncdiscoverinternal inside; phones go on with lyncdiscover", Site(records={LDI: None}),
          codes=("discover-internal-missing",))  # fmt: skip
def _internal_missing(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_fallback(world, phone)
    return everywhere(phones, "discover-internal-missing", severity={"discover-internal-missing": "info"})


@scenario("dns_internal_missing_desktop", "the same for a computer, which then takes itself for an outside client", Site(records={LDI: None}),
          codes=("discover-internal-missing",))  # fmt: skip
def _internal_missing_pc(world: World) -> list[Expect]:
    pc = desktop(world)
    lync_fallback(world, pc)
    return [Expect(pc, ("discover-internal-missing",), severity={"discover-internal-missing": "warning"})]


@scenario("dns_no_record", "neither name exists", Site(records={LDI: None, LD: None}), codes=("discover-no-record",))
def _no_record(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    discover(world, phone, "LD")
    return [Expect(phone, ("discover-no-record",), severity={"discover-no-record": "critical"}, outcome="failed")]


@scenario("dns_silent", "the resolver does not answer", Site(dns="silent"), codes=("dns-timeout",))
def _dns_silent(world: World) -> list[Expect]:
    phone = iphone(world)
    for _ in range(2):
        discover(world, phone)
    return [Expect(phone, ("dns-timeout",), severity={"dns-timeout": "critical"})]


@scenario("dns_refused", "the resolver refuses or fails", Site(dns="servfail"), codes=("dns-servfail",))
def _dns_refused(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    return [Expect(phone, ("dns-servfail",), severity={"dns-servfail": "critical"})]


@scenario("dns_second_resolver", "the first resolver is silent, the second answers: names do resolve", Site(second_view={}))
def _second_resolver(world: World) -> list[Expect]:
    phone = iphone(world)
    world.box("dns").nft(f"table ip lab {{\nchain inp {{\ntype filter hook input priority 0;\nip daddr {DNSIP} udp dport 53 drop\n}}\n}}\n")
    discover(world, phone, wait=6)
    return [Expect(phone, allowed=("dns-timeout",), severity={"dns-timeout": "warning"})]


# ---------------------------------------------------------------- the external web services name


def _external(name: str, text: str, record: str | None, subtype: str) -> None:
    @scenario(name, text, Site(records={EXT: record}, app={"clear_full": True}), codes=("external-fqdn-unresolved",))
    def play(world: World) -> list[Expect]:
        phones = two(world)
        for phone in phones:
            discover(world, phone)
            get(phone, world.url("INTW", "/Autodiscover/AutodiscoverService.svc/root/domain", "http"))
            lync_external(world, phone)
        facts = {"external-fqdn-unresolved": {"name": EXT, "subtype": subtype}}
        return everywhere(phones, "external-fqdn-unresolved", severity={"external-fqdn-unresolved": "critical"}, facts=facts, outcome="failed")


_external("dns_external_missing", "the inside zone lacks the external web name", None, "missing")
_external("dns_external_filtered", "a filter answers 0.0.0.0 for the external web name", "0.0.0.0", "filtered")


@scenario("dns_external_shadowed", "the inside zone shadows the public one: a phone that asks outside gets an answer", Site(records={EXT: None}, app={
    "clear_full": True}), codes=("external-fqdn-unresolved",))  # fmt: skip
def _shadowed(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    get(phone, world.url("INTW", "/Autodiscover/AutodiscoverService.svc/root/domain", "http"))
    lync_external(world, phone)
    ask(phone, PUBLIC_DNS, "A", EXT)
    return [Expect(phone, any_of=(("external-fqdn-unresolved", "dns-bypass"),))]


@scenario("dns_external_shadowed_other", "the same, told by another phone that asks a public resolver", Site(records={EXT: None}, app={"clear_full": True}),
          codes=("external-fqdn-unresolved", "dns-bypass"))  # fmt: skip
def _shadowed_other(world: World) -> list[Expect]:
    phone, own = iphone(world), android(world, resolver=PUBLIC_DNS)
    discover(world, phone)
    get(phone, world.url("INTW", "/Autodiscover/AutodiscoverService.svc/root/domain", "http"))
    lync_external(world, phone)
    lync_fallback(world, own)
    facts = {"external-fqdn-unresolved": {"subtype": "shadowed"}}
    return [Expect(phone, ("external-fqdn-unresolved",), facts=facts), Expect(own, ("dns-bypass",))]


@scenario("dns_rebind_filter", "the Wi-Fi router's resolver empties answers that lead inside", Site(dns="rebind", records={EXT: RP}),
          codes=("discover-internal-missing",))  # fmt: skip
def _rebind(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_fallback(world, phone)
    return [Expect(phone, ("discover-internal-missing",), allowed=("external-fqdn-unresolved",))]


# ---------------------------------------------------------------- views


@scenario("dns_split_mismatch", "two inside resolvers have different views of the external name", Site(records={EXT: RP}, second_view={
    EXT: PUB}), codes=("dns-split-mismatch",), twin="dns_second_view_same")  # fmt: skip
def _split(world: World) -> list[Expect]:
    phones = iphone(world), android(world, resolver=DNSIP2)
    for phone in phones:
        lync_inside(world, phone)
    return everywhere(phones, "dns-split-mismatch", allowed=("hairpin-bypassed",), severity={"dns-split-mismatch": "warning"})


@scenario("dns_second_view_same", "two inside resolvers with the same view", Site(second_view={}))
def _same_view(world: World) -> list[Expect]:
    phones = iphone(world), android(world, resolver=DNSIP2)
    for phone in phones:
        lync_inside(world, phone)
    return everywhere(phones)


ALIAS = (f"{LD},webdir.fabrikam.com",)


@scenario("dns_foreign_alias", "lyncdiscover is an alias into another domain, and https follows", Site(cnames=ALIAS, records={
    LDI: None, LD: None, "webdir.fabrikam.com": FOREIGN}), codes=("discover-cname-foreign",), twin="dns_own_alias")  # fmt: skip
def _foreign_alias(world: World) -> list[Expect]:
    phone = iphone(world)
    for host in ("LDI", "LD"):
        discover(world, phone, host)
    return [Expect(phone, ("discover-cname-foreign", "cert-name-mismatch"), allowed=("discover-internal-missing",))]


@scenario("dns_own_alias", "lyncdiscover is an alias within the domain", Site(cnames=(f"{LD},{EXT}",), records={LD: None}))
def _own_alias(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    discover(world, phone, "LD")
    lync_external(world, phone)
    return [Expect(phone)]


# ---------------------------------------------------------------- resolvers of their own


@scenario("dns_bypass", "the phone asks a public resolver that it was not given", codes=("dns-bypass",))
def _dns_bypass(world: World) -> list[Expect]:
    good, own = iphone(world), android(world, resolver=PUBLIC_DNS)
    lync_inside(world, good)
    lync_fallback(world, own)
    facts = {"dns-bypass": {"kind": "plain", "resolver": PUBLIC_DNS}}
    return [Expect(good), Expect(own, ("dns-bypass",), facts=facts)]


@scenario("dns_over_tls", "Private DNS: every question goes to port 853", codes=("dns-bypass",))
def _dot(world: World) -> list[Expect]:
    good, own = two(world)
    lync_inside(world, good)
    ask(own, f"dot:{PUBLIC_DNS}", "A", LDI, LD, EXT)
    get(own, world.url("EXT", "/"), "--resolve", f"{EXT}:443:{PUB}")
    return [Expect(good), Expect(own, ("dns-bypass",), facts={"dns-bypass": {"kind": "dot", "resolver": PUBLIC_DNS}})]


@scenario("dns_over_https", "a phone speaks https to the address of a public resolver", codes=("dns-bypass",))
def _doh(world: World) -> list[Expect]:
    good, own = two(world)
    lync_inside(world, good)
    get(own, f"https://{PUBLIC_DNS}/dns-query?dns=AAABAAABAAAAAAAA", "-k")
    get(own, world.url("EXT", "/"), "--resolve", f"{EXT}:443:{PUB}")
    return [Expect(good), Expect(own, ("dns-bypass",), facts={"dns-bypass": {"kind": "doh"}})]


@scenario("dns_over_https_by_name", "the same, its name asked of the inside resolver first", codes=("dns-bypass",))
def _doh_name(world: World) -> list[Expect]:
    own = iphone(world)
    get(own, "https://dns.google/dns-query?dns=AAABAAABAAAAAAAA")
    lync_inside(world, own)
    return [Expect(own, ("dns-bypass",))]


# ---------------------------------------------------------------- what clients do then


@scenario("sip_fallback", "a desktop client goes on to the SIP records after autodiscover failed", Site(records={LDI: None, LD: None}, srv=(
    "_sipinternaltls._tcp.contoso.com,fepool.contoso.com,5061",)), codes=("sip-fallback",), twin="healthy_sip")  # fmt: skip
def _sip(world: World) -> list[Expect]:
    pc = desktop(world)
    discover(world, pc)
    discover(world, pc, "LD")
    ask(pc, DNSIP, "SRV", "_sipinternaltls._tcp.contoso.com", "_sip._tls.contoso.com")
    ask(pc, DNSIP, "A", "sipinternal.contoso.com", "sip.contoso.com")
    return [Expect(pc, ("sip-fallback", "discover-no-record"), severity={"sip-fallback": "info"})]


@scenario("healthy_sip", "a desktop client finds its server and asks for SIP records all the same", Site(srv=(
    "_sipinternaltls._tcp.contoso.com,fepool.contoso.com,5061",)))  # fmt: skip
def _healthy_sip(world: World) -> list[Expect]:
    pc = desktop(world)
    lync_inside(world, pc)
    ask(pc, DNSIP, "SRV", "_sipinternaltls._tcp.contoso.com")
    return [Expect(pc)]


@scenario("dns_many_types", "phones ask for HTTPS and AAAA records too, and get none")
def _many_types(world: World) -> list[Expect]:
    phone = iphone(world)
    for kind in ("HTTPS", "AAAA", "A"):
        ask(phone, DNSIP, kind, LDI)
    lync_inside(world, phone)
    client(phone, "noise", "mdns", "224.0.0.251", "5353", "3", "0.1")
    return [Expect(phone)]
