"""What is kept of a capture, and what is forgotten."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors.messages import HttpRequest, HttpResponse
from scenes import World, lync

from pcapkit.sessions import collect
from pcapkit.sessions.interest import Interest

NAME = "lyncdiscover.contoso.com"


@pytest.fixture
def world():
    return World()


def test_strangers_are_forgotten(world, monkeypatch):
    monkeypatch.setattr(collect, "HOLD_DNS", 20)
    monkeypatch.setattr(collect, "HOLD_FLOWS", 10)
    phone = world.phone()
    for number in range(50):
        phone.lookup(f"h{number}.example.org", "198.51.100.1").https("198.51.100.1", f"h{number}.example.org")
        world.wait(10)
    facts = world.collector.facts
    assert len(facts.flows) <= 11
    assert len(facts.held_dns) <= 21
    assert len(facts.dns) <= collect.PER_RESOLVER


def test_discovery_is_kept(world):
    phone = world.phone().lookup(NAME, "203.0.113.50")
    phone.https("203.0.113.50", NAME)
    for _ in range(50):
        world.wait(20)
        phone.lookup("www.example.org", "198.51.100.1").https("198.51.100.1", "www.example.org")
    (session,) = world.scene().sessions
    assert session.attempts[0].tls.sni == NAME


def test_what_came_just_before_the_discovery_is_kept_too(world):
    phone = world.phone()
    phone.lookup("contoso.com", "203.0.113.80").https("203.0.113.80", "contoso.com")
    world.wait(5)
    phone.lookup("autodiscover.contoso.com", "10.0.0.25")
    for _ in range(30):
        world.wait(10)
        phone.lookup("www.example.org", "198.51.100.1").https("198.51.100.1", "www.example.org")
    (session,) = world.scene().sessions
    assert [a.role for a in session.attempts] == ["exch-root", "exch-autodiscover"]
    assert session.attempts[0].tls is not None


def test_few_lookups_of_every_resolver_are_kept(world):
    phone = world.phone()
    for number in range(40):
        world.wait(10)
        phone.lookup(f"h{number}.example.org", "198.51.100.1", resolver="8.8.8.8")
    (device,) = world.scene().devices
    assert {q.server for x in device.lookups for q in x.queries} == {"8.8.8.8"}


def test_a_busy_stranger_hides_no_discovery(world, monkeypatch):
    monkeypatch.setattr(collect, "HOLD_DNS", 100)
    monkeypatch.setattr(collect, "HOLD_FLOWS", 100)
    phone = world.phone().lookup(NAME, "203.0.113.50")
    phone.https("203.0.113.50", NAME)
    flood = world.phone("10.20.0.66", "a4:83:e7:00:00:66")
    for number in range(500):
        flood.lookup(f"x{number}.example.net", "198.51.100.1")
        flood.https("198.51.100.1", f"x{number}.example.net")
    facts = world.collector.facts
    assert len(facts.held_dns) <= 102
    assert len(facts.flows) <= 104
    assert [s.domain for s in world.scene().sessions] == ["contoso.com"]


def test_a_flood_of_discovery_names_is_bounded(world, monkeypatch):
    monkeypatch.setattr(collect, "NAMES_PER_DEVICE", 50)
    flood = world.phone("10.20.0.66", "a4:83:e7:00:00:66")
    for number in range(200):
        flood.lookup(f"lyncdiscover.x{number}.example.net", rcode=3)
    phone = world.phone().lookup(NAME, "203.0.113.50")
    phone.https("203.0.113.50", NAME)
    facts = world.collector.facts
    assert len(facts.dns) < 60
    assert facts.left_out["lookups"] > 100
    assert "contoso.com" in [s.domain for s in world.scene().sessions]


def test_large_bodies_are_not_kept(world):
    talk = world.phone().connect("203.0.113.50", 80)
    talk.say(HttpRequest("GET", "/", "HTTP/1.1", NAME, None, None, None))
    talk.say(HttpResponse(200, "", "HTTP/1.1", "text/html", None, None, (), 10**6, 10**6, raw_body=b"x" * 10**6), 1)
    kept = world.collector.facts.flows[talk.flow].events[-1].message
    assert len(kept.raw_body) == collect.BODY_KEPT


def test_names_by_address(world):
    world.phone().lookup("www.example.org", "198.51.100.1")
    assert world.collector.name_of("10.20.0.31", "198.51.100.1") == "www.example.org"
    assert world.collector.name_of("10.20.0.31", "198.51.100.2") is None


def test_wants(world):
    phone = world.phone().lookup(NAME, "203.0.113.50")
    wants = world.collector.wants
    assert wants(NAME, "198.51.100.1")
    assert wants(None, "203.0.113.50")
    assert wants("webext.contoso.com", "198.51.100.9")
    assert not wants("www.example.org", "198.51.100.9")
    phone.http("203.0.113.50", NAME, answer=lync(("External/Ucwa", "https://web.fabrikam.com/ucwa"), location="External"))
    assert wants("web.fabrikam.com", "198.51.100.9")


def test_duplicates_of_datagrams_are_left_out(world):
    seen = []
    add = world.collector.add
    world.collector.add = lambda obs: (seen.append(obs), add(obs))
    world.phone().lookup(NAME, "203.0.113.50")
    for obs in seen:
        obs.duplicate = True
        add(obs)
    assert len(world.collector.facts.dns) == 2


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_name_can_be_asked_about(name):
    interest = Interest()
    interest.look(name)
    interest.look("autodiscover." + name)
    assert interest.matters("lyncdiscover.contoso.com") in (True, False)


@pytest.mark.parametrize(
    ("domain", "name", "matters"),
    [
        ("contoso.com", "webext.contoso.com", True),
        ("contoso.com", "contoso.com", True),
        ("contoso.com", "notcontoso.com", False),
        ("contoso.com", "contoso.com.evil.example", False),
        ("eu.contoso.com", "webext.contoso.com", True),
    ],
)
def test_interest_follows_the_organisation(domain, name, matters):
    interest = Interest()
    interest.look(f"lyncdiscover.{domain}")
    assert interest.matters(name) == matters
