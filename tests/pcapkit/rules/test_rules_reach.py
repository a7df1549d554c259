"""Connections that do not come about: which finding, and what keeps each silent."""

from __future__ import annotations

import pytest
from scenes import World, lync

from pcapkit.rules import judge

LDI, LD, EXT, INTW = "lyncdiscoverinternal.contoso.com", "lyncdiscover.contoso.com", "webext.contoso.com", "webint.contoso.com"
FE, PROXY, OTHER = "10.0.0.10", "203.0.113.50", "198.51.100.7"


def findings(world: World, **options):
    found, _ = judge(world.scene(**options))
    return {f.code: f for f in found}


def discovered(world: World, ip: str = "10.20.0.31", **phone):
    """A phone that found its front end and was led to the external name."""
    device = world.phone(ip, hostname="Annas-iPhone", **phone)
    device.lookup(LDI, FE)
    device.https(FE, LDI)
    device.lookup(EXT, PROXY)
    return device


def test_silence_of_our_own_address_is_a_hairpin_fault():
    world = World(public_ips=(PROXY,))
    discovered(world).syn(PROXY, times=4)
    found = findings(world)
    assert set(found) == {"hairpin-no-reply"}
    finding = found["hairpin-no-reply"]
    assert (finding.severity, finding.confidence) == ("critical", "high")
    assert finding.facts["syn"] == 4
    assert finding.facts["point"] == "unknown"
    assert len([e for e in finding.evidence if "SYN" in e.note]) == 4


def test_the_same_address_is_no_hairpin_when_nothing_shows_that_it_is_ours():
    world = World()
    phone = world.phone(hostname="x")
    phone.lookup("autodiscover.contoso.com", FE)
    phone.https(FE, "autodiscover.contoso.com")
    phone.lookup("mail.contoso.com", "198.51.100.9", cname=("edge.provider.example",))
    phone.syn("198.51.100.9", times=3)
    found = findings(world)
    assert "hairpin-no-reply" not in found
    assert found["service-no-reply"].facts["address"] == "198.51.100.9"


def test_a_guess_by_names_alone_is_medium_and_a_control_connection_raises_it():
    def play(control: bool):
        world = World()
        phone = discovered(world)
        if control:
            phone.connect(OTHER).close()
        phone.syn(PROXY, times=3)
        return findings(world)["hairpin-no-reply"].confidence

    assert play(control=False) == "medium"
    assert play(control=True) == "high"


def test_a_copy_behind_the_nat_says_that_the_far_side_drops():
    world = World(public_ips=(PROXY,))
    discovered(world).talk(PROXY).syn(2).nat_copy("192.168.2.1", "192.168.2.28")
    finding = findings(world)["hairpin-no-reply"]
    assert finding.facts["point"] == "after-nat"
    assert "proxy" in finding.remedy[0]
    assert finding.unseen == ()


def test_one_syn_needs_time_to_be_called_unanswered():
    world = World(public_ips=(PROXY,))
    discovered(world).syn(PROXY, times=1)
    assert not findings(world, after=1.0)
    assert findings(world, after=5.0)["hairpin-no-reply"].confidence == "medium"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda p: p.talk(PROXY).syn().reset(), "hairpin-reset"),
        (lambda p: p.talk(PROXY).syn().icmp(), "hairpin-unreachable"),
        (lambda p: p.talk(PROXY).syn().foreign_reply("192.168.2.28"), "hairpin-asymmetric-reply"),
        (lambda p: p.connect(PROXY).hello(EXT), "hairpin-stalled"),
    ],
)
def test_each_form_of_a_failing_u_turn_has_its_code(act, code):
    world = World(public_ips=(PROXY,))
    act(discovered(world))
    found = findings(world)
    assert set(found) == {code}
    assert found[code].severity == "critical"
    assert found[code].facts["address"] == PROXY


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda p: p.talk(FE).syn().reset(), "service-reset"),
        (lambda p: p.talk(FE).syn().icmp(3, 1, "host unreachable"), "service-unreachable"),
        (lambda p: p.syn(FE, times=3), "service-no-reply"),
        (lambda p: p.connect(FE).hello(LDI), "service-no-reply"),
    ],
)
def test_inside_servers_that_fail_are_services(act, code):
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    act(phone)
    found = findings(world)
    assert set(found) == {code}
    assert found[code].severity == "critical"
    assert found[code].confidence_because
    assert "--public-ip" not in " ".join(found[code].remedy)  # the address is private


def test_what_icmp_says_decides_what_to_do():
    world = World()
    world.phone().lookup(LDI, FE).talk(FE).syn().icmp(3, 1, "host unreachable")
    (line,) = findings(world)["service-unreachable"].remedy
    assert line.startswith("The host does not answer")


def test_a_lost_flight_proves_a_stall_and_an_acknowledged_one_disproves_it():
    world = World(public_ips=(PROXY,))
    discovered(world).connect(PROXY).hello(EXT).lose(2800)
    assert findings(world)["hairpin-stalled"].confidence == "high"
    world = World(public_ips=(PROXY,))
    discovered(world).connect(PROXY).hello(EXT).lose(2800, acked=True)
    assert not findings(world)


def test_a_small_mtu_behind_the_nat_is_told():
    world = World(public_ips=(PROXY,))
    stalled = discovered(world).talk(PROXY).syn().nat_copy("192.168.2.1", "192.168.2.28").synack().hello(EXT)
    behind = world.phone("192.168.2.1", mac=None).talk("192.168.2.28").syn().icmp(3, 4, "fragmentation needed", mtu=1280)
    frame, time_ns = stalled.copies[0][1]
    behind.control[0] = behind.control[0]._replace(frame=frame, time_ns=time_ns)
    finding = findings(world)["hairpin-stalled"]
    assert finding.facts["mtu"] == 1280
    assert any("MTU 1280" in e.note for e in finding.evidence)


def test_a_working_u_turn_is_silent():
    world = World(public_ips=(PROXY,))
    discovered(world).https(PROXY, EXT)
    assert not findings(world)


def test_a_refused_port_80_beside_a_working_443_is_silent():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    phone.talk(FE, 80).syn().reset()
    phone.https(FE, LDI)
    assert not findings(world)


def test_443_closed_beside_a_port_80_that_only_redirects_elsewhere_is_worth_no_more_than_knowing():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    phone.talk(FE).syn().reset()
    answer = lync(("Redirect", f"https://{EXT}/Autodiscover/AutodiscoverService.svc/root"))
    phone.http(FE, LDI, "/?sipuri=sip:anna@contoso.com", answer=answer)
    phone.lookup(EXT, "10.0.0.20")
    phone.https("10.0.0.20", EXT)
    found = findings(world)
    assert found["service-reset"].severity == "info"
    assert found["http-fallback"].severity == "info"
    assert found["http-fallback"].facts["subtype"] == "by-design"


def test_a_race_that_another_address_won_is_silent():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, "10.0.0.11", FE)
    phone.syn("10.0.0.11", times=1)
    phone.https(FE, LDI)
    assert not findings(world)


def test_an_outage_hides_what_looks_like_a_hairpin_fault():
    world = World(public_ips=(PROXY,))
    phone = discovered(world)
    for number in range(3):
        phone.syn(f"198.51.100.{number}", times=2)
    phone.syn(PROXY, times=2)
    found = findings(world)
    assert set(found) == {"uplink-down"}
    assert found["uplink-down"].devices == ()
    assert PROXY in found["uplink-down"].facts["addresses"]


def test_one_stranger_that_answers_disproves_an_outage():
    world = World(public_ips=(PROXY,))
    phone = discovered(world)
    for number in range(3):
        phone.syn(f"198.51.100.{number}", times=2)
    phone.connect("198.51.100.99").close()
    phone.syn(PROXY, times=2)
    assert set(findings(world)) == {"hairpin-no-reply"}


def test_many_phones_and_one_cause_are_one_finding():
    world = World(public_ips=(PROXY,))
    for number in range(3):
        discovered(world, f"10.20.0.{40 + number}", mac=f"a4:83:e7:00:01:{number:02x}").syn(PROXY, times=2)
    found, _ = judge(world.scene())
    assert [f.code for f in found] == ["hairpin-no-reply"]
    assert len(found[0].devices) == 3
    assert set(found[0].facts["by_device"]) == set(found[0].devices)


def test_the_private_answer_for_the_external_name_is_worth_knowing_and_a_long_ttl_worth_a_warning():
    def play(ttl: int):
        world = World(external_fqdns=(EXT,))
        phone = world.phone(hostname="Annas-iPhone")
        phone.lookup(LDI, FE)
        phone.https(FE, LDI)
        phone.lookup(EXT, "10.0.0.20", ttl=ttl)
        phone.https("10.0.0.20", EXT)
        return findings(world)

    assert play(60)["hairpin-bypassed"].severity == "info"
    assert play(3600)["hairpin-bypassed"].severity == "warning"


def test_an_ipv6_address_is_no_other_view():
    world = World(external_fqdns=(EXT,))
    phone = world.phone(hostname="x")
    phone.lookup(LDI, FE).https(FE, LDI)
    phone.lookup(EXT, "10.0.0.28", "2001:db8:204::28", types=("A", "AAAA"), ttl=60).https("10.0.0.28", EXT)
    found = findings(world)["hairpin-bypassed"]
    assert (found.severity, found.facts["both_views"]) == ("info", False)


def test_a_guessed_name_never_proves_that_a_private_answer_is_wrong():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(LDI, FE)
    phone.https(FE, LDI)
    phone.lookup("webx.contoso.com", "10.0.0.20", ttl=3600)
    phone.https("10.0.0.20", "webx.contoso.com")
    assert "hairpin-bypassed" not in findings(world)


def test_push_needs_a_web_that_works():
    def play(web: bool):
        world = World()
        phone = discovered(world)
        phone.https(PROXY, EXT)
        if web:
            phone.connect(OTHER).close()
        phone.syn("17.57.144.10", 5223, times=3)
        return findings(world)

    assert play(web=True)["push-blocked"].severity == "info"


def test_gaps_lower_what_rests_on_absence():
    world = World(public_ips=(PROXY,))
    phone = discovered(world)
    world.drops = 100
    phone.syn(PROXY, times=4)
    found = findings(world)
    assert found["hairpin-no-reply"].confidence == "medium"
    assert found["capture-drops"].facts["drops"] == 100
