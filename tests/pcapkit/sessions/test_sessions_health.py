"""What the capture lost or never saw."""

import pytest
from scenes import World

from pcapkit.flows.facts import ClientShare, Quality

NAME = "lyncdiscover.contoso.com"


@pytest.fixture
def world():
    return World()


def test_a_sound_capture(world):
    world.phone().lookup(NAME, "203.0.113.50").https("203.0.113.50", NAME)
    health = world.scene().health
    assert (health.one_way, health.gaps, health.drops, health.cut_frames, health.started_late) == ({}, 0, None, (), ())
    assert health.tcp_conversations == 1
    assert "before the NAT" in health.vantage


@pytest.mark.parametrize(("bad", "good", "found"), [(3, 0, True), (4, 1, True), (2, 0, False), (4, 2, False)])
def test_one_way_of_the_whole_capture(world, bad, good, found):
    world.quality = Quality(one_way=bad, two_way=good)
    assert ("*" in world.scene().health.one_way) == found


def test_one_way_of_one_device(world):
    world.phone().lookup(NAME, "203.0.113.50")
    world.phone("10.20.0.32", "a4:83:e7:00:00:32").lookup(NAME, "203.0.113.50")
    world.quality = Quality(one_way=4, two_way=40, clients=(ClientShare("10.20.0.32", 4, 0, 0), ClientShare("10.20.0.31", 1, 9, 0)))
    one_way = world.scene().health.one_way
    assert list(one_way) == ["D2"]
    assert "4 of 4" in one_way["D2"]


def test_gaps_and_drops(world):
    phone = world.phone().lookup(NAME, "203.0.113.50")
    talk = phone.https("203.0.113.50", NAME)
    world.quality = Quality(gapped=2, gaps=3, lost_bytes=4344, gap_examples=(talk.flow, 999))
    world.drops = 7
    health = world.scene().health
    assert (health.gaps, health.conversations_with_gaps, health.drops, len(health.examples)) == (4344, 2, 7, 1)


def test_a_conversation_under_way(world):
    phone = world.phone().lookup(NAME, "203.0.113.50")
    phone.talk("203.0.113.50").tls(NAME).appdata()
    assert len(world.scene().health.started_late) == 1


def test_both_sides_of_the_nat(world):
    world.phone().lookup(NAME, "203.0.113.50").syn("203.0.113.50").nat_copy("203.0.113.1", "10.0.0.80")
    health = world.scene().health
    assert health.nat_copies == 1
    assert "both sides of the NAT" in health.vantage


def test_behind_a_router(world):
    world.phone().lookup(NAME, "203.0.113.50").syn("203.0.113.50", client_ttl=62)
    assert "behind at least one router" in world.scene().health.vantage


def test_routed_copies(world):
    world.phone().lookup(NAME, "203.0.113.50").syn("203.0.113.50")
    world.counts = {"routed_copies": 40, "mirrored_copies": 3}
    health = world.scene().health
    assert (health.duplicates, health.routed_copies) == (3, 40)
    assert "both sides of a router" in health.vantage


def test_cut_datagrams(world):
    from pcapkit_dissectors._api import Malformed

    world.tell(Malformed("dns", "record ends early", 40, True), "10.0.0.53", "10.20.0.31", 53, 5000)
    world.tell(Malformed("dns", "nonsense", 40, False), "10.0.0.53", "10.20.0.31", 53, 5000)
    assert [ref.frame for ref in world.scene().health.cut_frames] == [1]


def test_silence_means_nothing_where_one_direction_was_captured(world):
    phone = world.phone().lookup("lyncdiscover.contoso.com", "203.0.113.50")
    phone.syn("203.0.113.50", times=4)
    assert world.scene().sessions[0].outcome == "failed"
    world.quality = Quality(one_way=9, two_way=1)
    session = world.scene().sessions[0]
    assert (session.outcome, session.failed_at) == ("incomplete", None)
    assert "only one direction was captured" in session.summary
