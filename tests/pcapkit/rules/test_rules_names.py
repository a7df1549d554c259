"""Names that are missing, unanswered, foreign, split or asked elsewhere: which finding, and what keeps each silent."""

from __future__ import annotations

import pytest
from scenes import RESOLVER, World, lync

from pcapkit.rules import judge

LDI, LD, EXT, AD = "lyncdiscoverinternal.contoso.com", "lyncdiscover.contoso.com", "webext.contoso.com", "autodiscover.contoso.com"
FE, PROXY = "10.0.0.10", "203.0.113.50"


def findings(world: World, **options):
    found, _ = judge(world.scene(**options))
    return {f.code: f for f in found}


def test_a_missing_internal_name_is_info_for_a_phone_that_gets_on_and_a_warning_otherwise():
    def play(works: bool):
        world = World()
        phone = world.phone(hostname="Annas-iPhone")
        phone.lookup(LDI, rcode=3)
        phone.lookup(LD, PROXY)
        if works:
            phone.https(PROXY, LD)
        return findings(world)["discover-internal-missing"]

    assert play(works=True).severity == "info"
    assert play(works=False).severity == "warning"
    assert play(works=False).facts["answer"] == "NXDOMAIN"


def test_nodata_for_one_address_type_is_not_missing():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE, types=("A", "AAAA"))
    phone.https(FE, LDI)
    assert not findings(world)


def test_both_names_missing_is_one_critical_finding():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, rcode=3)
    phone.lookup(LD, rcode=3)
    found = findings(world)
    assert set(found) == {"discover-no-record"}
    assert found["discover-no-record"].facts["domain"] == "contoso.com"


def test_exchange_without_any_record_is_surer_when_srv_was_asked():
    def play(srv: bool):
        world = World()
        phone = world.phone(hostname="Annas-iPhone")
        phone.lookup("contoso.com", rcode=0)
        phone.lookup(AD, rcode=3)
        if srv:
            phone.lookup("_autodiscover._tcp.contoso.com", rcode=3, qtype="SRV")
        return findings(world)["discover-no-record"].confidence

    assert play(srv=False) == "medium"
    assert play(srv=True) == "high"


def test_an_unanswered_lookup():
    world = World()
    world.phone(hostname="Annas-iPhone").lookup(LDI, silent=True, repeats=3)
    found = findings(world)
    assert found["dns-timeout"].severity == "critical"
    assert found["dns-timeout"].facts["queries"] == 4


def test_a_late_answer_is_an_answer():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE, repeats=1)
    phone.https(FE, LDI)
    assert not findings(world)


@pytest.mark.parametrize("rcode", [2, 5])
def test_a_resolver_that_cannot_or_will_not(rcode):
    world = World()
    world.phone(hostname="Annas-iPhone").lookup(LDI, rcode=rcode)
    found = findings(world)
    assert set(found) == {"dns-servfail"}
    assert found["dns-servfail"].facts["rcode"] == rcode


@pytest.mark.parametrize("fault", [{"rcode": 5}, {"silent": True, "repeats": 3}])
def test_a_name_that_never_resolves_is_no_more_than_a_warning_where_another_led_to_the_goal(fault):
    world = World()
    phone = world.phone(hostname="Annas-iPhone").lookup(LDI, **fault)
    phone.lookup(LD, PROXY).https(PROXY, LD)
    phone.lookup(EXT, PROXY).https(PROXY, EXT)
    found = findings(world)
    assert [f.severity for c, f in found.items() if c in ("dns-servfail", "dns-timeout")] == ["warning"]


@pytest.mark.parametrize(("answer", "subtype"), [({"rcode": 3}, "missing"), ({}, "missing"), ({"addresses": ("0.0.0.0",)}, "filtered")])
def test_the_external_name_does_not_resolve_inside(answer, subtype):
    world = World(external_fqdns=(EXT,))
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    phone.https(FE, LDI)
    phone.lookup(EXT, *answer.get("addresses", ()), rcode=answer.get("rcode", 0))
    found = findings(world)
    assert set(found) == {"external-fqdn-unresolved"}
    assert found["external-fqdn-unresolved"].facts["subtype"] == subtype


def test_a_zone_that_shadows_the_public_one():
    world = World(external_fqdns=(EXT,))
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    phone.https(FE, LDI)
    phone.lookup(EXT, rcode=3)
    other = world.phone("10.20.0.40", mac="a4:83:e7:00:00:40", hostname="Toms-iPhone")
    other.lookup(EXT, PROXY, resolver="8.8.8.8")
    found = findings(world)
    assert found["external-fqdn-unresolved"].facts["subtype"] == "shadowed"


def test_a_name_that_nobody_knows_to_be_external_may_be_missing():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    phone.https(FE, LDI)
    phone.lookup("intranet.contoso.com", rcode=3)
    assert not findings(world)


def test_an_alias_into_another_domain_followed_by_https():
    def play(target: str):
        world = World()
        phone = world.phone(hostname="Annas-iPhone")
        phone.lookup(LDI, rcode=3)
        phone.lookup(LD, PROXY, cname=(target,))
        phone.https(PROXY, LD)
        return findings(world)

    assert play("webdir.online.lync.com")["discover-cname-foreign"].facts["cname"] == "webdir.online.lync.com"
    assert "discover-cname-foreign" not in play("proxy.contoso.com")


def test_two_views_of_one_name():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    phone.https(FE, LDI)
    phone.lookup(LD, PROXY)
    other = world.phone("10.20.0.40", mac="a4:83:e7:00:00:40", hostname="Toms-iPhone")
    other.lookup(LDI, rcode=3)
    other.lookup(LD, "10.0.0.20")
    other.https("10.0.0.20", LD)
    found = findings(world)
    assert found["dns-split-mismatch"].facts["private"] == ["10.0.0.20"]
    assert found["dns-split-mismatch"].facts["public"] == [PROXY]


def test_a_private_and_a_public_family_of_one_answer_are_one_view():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE, "2001:db8::10", types=("A", "AAAA"))
    phone.https(FE, LDI)
    assert "dns-split-mismatch" not in findings(world)


@pytest.mark.parametrize("kind", ["dot", "doh", "relay", "plain"])
def test_resolvers_of_ones_own(kind):
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    phone.https(FE, LDI)
    if kind == "dot":
        phone.https("9.9.9.9", "dns.quad9.net", 853)
    elif kind == "doh":
        phone.https("8.8.8.8", "dns.google")
    elif kind == "relay":
        phone.lookup("mask.icloud.com", "17.248.1.1")
        phone.https("17.248.1.1", "mask.icloud.com")
    else:
        phone.lookup("www.example.com", "198.51.100.1", resolver="8.8.8.8")
    found = findings(world)
    assert found["dns-bypass"].facts["kind"] == kind


def test_the_resolver_that_dhcp_gave_may_be_public():
    world = World()
    phone = world.phone().lease("Annas-iPhone", resolvers=(RESOLVER, "8.8.8.8"))
    phone.lookup(LDI, FE)
    phone.https(FE, LDI)
    phone.lookup("www.example.com", "198.51.100.1", resolver="8.8.8.8")
    assert "dns-bypass" not in findings(world)


def test_without_any_session_own_resolvers_are_nobodys_business():
    world = World()
    world.phone(hostname="Annas-iPhone").https("8.8.8.8", "dns.google")
    assert not findings(world)


def test_autodiscover_of_a_parent_domain_is_a_leak_and_worse_when_data_follow():
    def play(follow: bool):
        world = World()
        phone = world.phone(hostname="Annas-iPhone")
        phone.lookup("autodiscover.mail.contoso.com", rcode=3)
        phone.lookup("autodiscover.com", *(["198.51.100.66"] if follow else []), rcode=0 if follow else 3)
        if follow:
            phone.https("198.51.100.66", "autodiscover.com")
        return findings(world)

    assert play(follow=False)["autodiscover-leak"].severity == "warning"
    assert play(follow=True)["autodiscover-leak"].severity == "critical"


def test_desktop_clients_that_go_on_to_sip():
    world = World()
    phone = world.phone(hostname="LAPTOP-7")
    phone.lookup(LDI, rcode=3)
    phone.lookup(LD, rcode=3)
    phone.lookup("_sipinternaltls._tcp.contoso.com", qtype="SRV", rcode=3)
    phone.lookup("sip.contoso.com", "203.0.113.51")
    found = findings(world)
    assert found["sip-fallback"].severity == "info"
    assert found["sip-fallback"].caused_by == (found["discover-no-record"].id,)


def test_sip_names_after_a_good_discovery_are_silent():
    world = World()
    phone = world.phone(hostname="LAPTOP-7")
    phone.lookup(LDI, FE)
    phone.https(FE, LDI)
    phone.lookup("_sipinternaltls._tcp.contoso.com", qtype="SRV", rcode=3)
    assert "sip-fallback" not in findings(world)


def test_a_known_internal_host_for_mobility():
    def play(mcx: str):
        world = World()
        phone = world.phone(hostname="Annas-iPhone")
        phone.lookup(LDI, FE)
        links = (
            ("Internal/Autodiscover", "https://webint.contoso.com/Autodiscover/AutodiscoverService.svc/root"),
            ("Internal/Mcx", f"https://{mcx}/Mcx/McxService.svc"),
            ("External/Mcx", f"https://{EXT}/Mcx/McxService.svc"),
            ("Internal/Ucwa", "https://webint.contoso.com/Ucwa"),
        )
        phone.http(FE, LDI, "/Autodiscover/AutodiscoverService.svc/root/domain", answer=lync(*links, resource="domain"))
        return findings(world)

    assert play("webint.contoso.com")["mcx-internal-url"].facts["host"] == "webint.contoso.com"
    assert "mcx-internal-url" not in play(EXT)
