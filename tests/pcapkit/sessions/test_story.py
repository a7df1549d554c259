"""The arrows of the ladder: what was sent within each step, each told once."""

from __future__ import annotations

import pytest
from scenes import World

from pcapkit.sessions.story import span

WEB = "webext.contoso.com"
FE = "lyncdiscoverinternal.contoso.com"
PROXY = "203.0.113.50"


def story(world: World) -> list[tuple[str, bool, str, str]]:
    """(kind, sent, peer, text) of every arrow, in order of the steps."""
    return [(e.kind, e.sent, e.peer, e.text) for case in world.scene().sessions for step in case.steps for e in step.events]


def events(world: World, kind: str):
    return [e for case in world.scene().sessions for step in case.steps for e in step.events if e.kind == kind]


def test_a_sign_in_that_works():
    world = World()
    phone = world.phone()
    phone.lookup(FE, "10.0.0.10", types=("A", "AAAA"))
    phone.https("10.0.0.10", FE)
    told = story(world)
    assert told[:2] == [("query", True, "10.0.0.53", f"A, AAAA {FE}"), ("answer", False, "10.0.0.53", "10.0.0.10")]
    assert told[2][0] == "open"
    assert told[2][3].startswith("TCP 443 open, ")
    assert told[3] == ("hello", True, "10.0.0.10", f"ClientHello for {FE}")
    assert told[4] == ("flight", False, "10.0.0.10", "TLS 1.2 Certificate webext.contoso.com, 1 sent")
    assert [t[0] for t in told[5:]] == ["data", "data"]


def test_syns_without_answer_are_one_arrow():
    world = World()
    phone = world.phone()
    phone.lookup(FE, "10.0.0.10")
    phone.syn("10.0.0.10", times=3)
    (syn,) = events(world, "syn")
    assert syn.lost
    assert syn.outcome == "failed"
    assert len(syn.repeats_ns) == 2
    assert len(syn.frames) == 3


def test_a_stranger_answers():
    world = World()
    phone = world.phone()
    phone.lookup(FE, PROXY)
    phone.talk(PROXY).syn().foreign_reply("10.0.0.10")
    assert [(e.kind, e.sent, e.peer) for e in (*events(world, "foreign"), *events(world, "refused"))] == [
        ("foreign", False, "10.0.0.10"),
        ("refused", True, "10.0.0.10"),
    ]
    assert not events(world, "syn")[0].lost


def test_refusals_of_the_network():
    world = World()
    phone = world.phone()
    phone.lookup(FE, "10.0.0.10")
    phone.talk("10.0.0.10").syn().reset()
    phone.talk("10.0.0.10").syn().icmp()
    assert [e.text for e in events(world, "refused")] == ["RST refuses the SYN"]
    (icmp,) = events(world, "icmp")
    assert icmp.text == "ICMP administratively prohibited"
    assert icmp.peer == "10.20.0.1"


@pytest.mark.parametrize(("answer", "said"), [({"rcode": 3}, "NXDOMAIN"), ({}, "no such record (NODATA)"), ({"rcode": 5}, "REFUSED")])
def test_answers_that_say_no(answer, said):
    world = World()
    world.phone().lookup(FE, **answer)
    (told,) = events(world, "answer")
    assert (told.text, told.outcome) == (said, "failed")


def test_a_question_without_answer():
    world = World()
    world.phone().lookup(FE, silent=True, repeats=2)
    (query,) = events(world, "query")
    assert query.lost
    assert len(query.repeats_ns) == 2


def test_an_alias_is_named():
    world = World()
    world.phone().lookup(FE, "10.0.0.10", cname=("pool.contoso.com",))
    assert events(world, "answer")[0].text == "CNAME pool.contoso.com, 10.0.0.10"


def test_alerts_and_what_follows():
    world = World()
    phone = world.phone()
    phone.lookup(FE, "10.0.0.10")
    phone.refused("10.0.0.10", FE)
    (alert,) = events(world, "alert")
    assert (alert.text, alert.sent, alert.outcome) == ("Alert fatal: unknown CA", True, "failed")


def test_tls13_says_that_it_hides():
    world = World()
    phone = world.phone()
    phone.lookup(FE, "10.0.0.10")
    phone.https("10.0.0.10", FE, version=0x0304)
    assert events(world, "flight")[0].text == "TLS 1.3 ServerHello, certificate hidden"


def test_http_in_clear():
    world = World()
    phone = world.phone()
    phone.lookup(FE, "10.0.0.10")
    phone.http("10.0.0.10", FE, "/?ticket=secret", status=404)
    (request,), (response,) = events(world, "request"), events(world, "response")
    assert request.text == "GET / (clear text, port 80)"
    assert response.outcome == "failed"
    assert response.text.startswith("404")


def test_copies_behind_a_nat_are_one_arrow():
    world = World()
    phone = world.phone()
    phone.lookup(FE, PROXY)
    talk = phone.talk(PROXY).syn()
    talk.nat_copy("192.0.2.1", "192.168.1.5")
    (syn,) = events(world, "syn")
    assert syn.copied_as == "192.0.2.1 → 192.168.1.5"
    assert len(syn.copies) == 1


def test_steps_know_their_attempt_and_flow():
    world = World()
    phone = world.phone()
    phone.lookup(FE, "10.0.0.10")
    phone.https("10.0.0.10", FE)
    phone.https("10.0.0.10", FE)
    steps = world.scene().sessions[0].steps
    assert [(s.kind, s.attempt, s.flow) for s in steps] == [
        ("dns", 0, None),
        ("connect", 0, "T1"),
        ("tls", 0, "T1"),
        ("connect", 1, "T2"),
        ("tls", 1, "T2"),
    ]


@pytest.mark.parametrize(("ns", "text"), [(40_000, "0.04 ms"), (3_100_000, "3.1 ms"), (12_000_000, "12 ms"), (3_100_000_000, "3.1 s")])
def test_spans(ns, text):
    assert span(ns) == text
