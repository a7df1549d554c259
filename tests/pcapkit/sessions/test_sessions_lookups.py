"""Look-ups: what belongs together, and what came of it."""

import pytest
from pcapkit_dissectors.messages import Dns, Record
from scenes import RESOLVER, World

NAME = "lyncdiscoverinternal.contoso.com"


def the_lookups(world, name=NAME, after=10.0):
    return [x for x in world.scene(after).lookups if x.name == name]


def test_address_types_are_one_lookup():
    world = World()
    world.phone().lookup(NAME, "10.0.0.10", types=("A", "AAAA", "HTTPS"), ttl=60)
    (lookup,) = the_lookups(world)
    assert (lookup.outcome, lookup.addresses, lookup.ttl_s, len(lookup.queries)) == ("answered", ("10.0.0.10",), 60, 3)
    assert lookup.device == "D1"
    assert lookup.answer.frame == 4


def test_names_are_compared_without_case():
    world = World()
    world.phone().lookup("LyncDiscoverInternal.ConToSo.com", "10.0.0.10")
    assert len(the_lookups(world)) == 1


@pytest.mark.parametrize(
    ("rcode", "outcome", "nxdomain"), [(3, "negative", True), (0, "negative", False), (2, "servfail", False), (5, "refused", False)]
)
def test_outcomes_of_an_answer(rcode, outcome, nxdomain):
    world = World()
    world.phone().lookup(NAME, rcode=rcode, types=("A", "AAAA"))
    (lookup,) = the_lookups(world)
    assert (lookup.outcome, lookup.nxdomain) == (outcome, nxdomain)


def test_nodata_for_one_type_only_is_not_negative():
    world = World()
    phone = world.phone()
    phone.lookup(NAME, qtype="AAAA").lookup(NAME, qtype="A", silent=True)
    assert the_lookups(world, after=0.5)[0].outcome == "unknown"


def test_a_type_65_failure_is_no_failure_of_the_name():
    world = World()
    phone = world.phone()
    phone.lookup(NAME, "10.0.0.10").lookup(NAME, qtype="HTTPS", rcode=2)
    assert the_lookups(world)[0].outcome == "answered"


def test_silence_is_a_timeout_after_a_repeat():
    world = World()
    world.phone().lookup(NAME, silent=True, repeats=2)
    (lookup,) = the_lookups(world, after=2.0)
    assert lookup.outcome == "timeout"
    assert len(lookup.queries) == 3


def test_silence_too_near_to_the_end_cannot_be_judged():
    world = World()
    world.phone().lookup(NAME, silent=True)
    assert the_lookups(world, after=2.0)[0].outcome == "unknown"
    assert the_lookups(world, after=6.0)[0].outcome == "timeout"


def test_a_device_that_connects_after_all_knew_the_answer():
    world = World()
    phone = world.phone().lookup(NAME, silent=True)
    phone.https("10.0.0.10", NAME)
    assert the_lookups(world)[0].outcome == "unknown"


def test_a_second_server_belongs_to_the_lookup():
    world = World()
    phone = world.phone()
    phone.lookup(NAME, silent=True)
    world.wait(1)
    phone.lookup(NAME, "10.0.0.10", resolver="10.0.0.54")
    (lookup,) = the_lookups(world)
    assert lookup.outcome == "answered"
    assert [q.server for q in lookup.queries] == [RESOLVER, "10.0.0.54"]


def test_a_servfail_that_another_server_mends_is_answered():
    world = World()
    world.phone().lookup(NAME, rcode=2).lookup(NAME, "10.0.0.10", resolver="10.0.0.54")
    (lookup,) = the_lookups(world)
    assert lookup.outcome == "answered"


def test_asked_again_after_an_answer_is_another_lookup():
    world = World()
    world.phone().lookup(NAME, "10.0.0.10").lookup(NAME, "10.0.0.11")
    assert [x.addresses for x in the_lookups(world)] == [("10.0.0.10",), ("10.0.0.11",)]


def test_mirror_duplicates_are_no_repeats():
    world = World()
    phone = world.phone()
    for _ in range(2):
        phone._ask(NAME, "A", RESOLVER, 7, 50_007)
    (lookup,) = the_lookups(world)
    assert len(lookup.queries) == 1


def test_a_cname_chain_has_an_owner():
    world = World()
    world.phone().lookup("lyncdiscover.contoso.com", "203.0.113.9", cname=("a.contoso.com", "web.fabrikam.com"))
    (lookup,) = the_lookups(world, "lyncdiscover.contoso.com")
    assert (lookup.cname, lookup.owner) == (("a.contoso.com", "web.fabrikam.com"), "web.fabrikam.com")


def test_srv_records_name_hosts_and_ports():
    world = World()
    world.phone().lookup("_autodiscover._tcp.contoso.com", qtype="SRV", srv=("0 0 443 mail.contoso.com",))
    scene = world.scene()
    assert scene.lookups[0].srv == ("mail.contoso.com:443",)
    assert scene.names["mail.contoso.com"].role == "exch-autodiscover"


def test_a_search_suffix_says_nothing_about_the_name():
    world = World()
    phone = world.phone()
    phone.lookup("contoso.com").lookup("contoso.com.contoso.com", rcode=3).lookup("autodiscover.contoso.com", "10.0.0.25")
    scene = world.scene()
    suffixed = next(x for x in scene.lookups if x.name == "contoso.com.contoso.com")
    assert suffixed.search_of == "contoso.com"
    assert [s.domain for s in scene.sessions] == ["contoso.com"]
    assert all(x is not suffixed for x in scene.sessions[0].lookups)


def test_an_answer_without_its_question_is_kept_and_said():
    world = World()
    phone = world.phone()
    phone._ask("lyncdiscover.contoso.com", "A", RESOLVER, 1, 1)
    message = Dns("dns", 9, 0, True, 0, False, NAME, "A", ((NAME, "A"),), (Record(NAME, "A", 60, "10.0.0.10"),))
    world.tell(message, RESOLVER, phone.ip, 53, 4242, macs=(None, phone.mac))
    (lookup,) = the_lookups(world)
    assert not lookup.queries[0].asked
    assert lookup.outcome == "answered"


def test_questions_of_a_resolver_are_nobodys():
    world = World()
    phone = world.phone()
    forwarder = world.phone(RESOLVER, "02:00:00:00:00:53")
    phone.lookup(NAME, "10.0.0.10")
    forwarder.lookup(NAME, "10.0.0.10", resolver="198.51.100.53")
    assert [x.device for x in the_lookups(world)] == ["D1", ""]
    assert [d.addresses for d in world.scene().devices] == [("10.20.0.31",)]


@pytest.mark.parametrize(("rcode", "outcome"), [(0, "unknown"), (3, "negative")])
def test_an_answer_that_the_capture_cut_is_no_negative_one_unless_its_head_says_so(rcode, outcome):
    world = World()
    world.phone().lookup(NAME, "10.0.0.10", rcode=rcode, types=("A", "AAAA"), cut=True)
    (lookup,) = the_lookups(world)
    assert lookup.outcome == outcome


def test_a_refusal_of_one_type_says_nothing_where_the_other_was_cut():
    world = World()
    world.phone().lookup(NAME, "10.0.0.10", cut=True).lookup(NAME, qtype="AAAA", rcode=5)
    assert [x.outcome for x in the_lookups(world)] == ["unknown"]
