"""Inside, outside, and what is ours."""

import pytest
from scenes import World, lync

from pcapkit.sessions.site import Inside

WEB, PROXY = "webext.contoso.com", "203.0.113.50"


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.1.2.3", True), ("172.31.0.1", True), ("192.168.1.1", True), ("100.64.0.1", True), ("169.254.1.1", True), ("fd00::1", True), ("fe80::1", True),
        ("203.0.113.50", False), ("198.51.100.1", False), ("198.18.0.1", False), ("2001:db8::1", False), ("8.8.8.8", False), ("nonsense", False),
    ],
)  # fmt: skip
def test_inside(address, inside):
    assert Inside()(address) == inside


def test_more_inside():
    assert Inside(("203.0.113.0/24", "2001:db8::/32"))("203.0.113.50")
    assert Inside(("203.0.113.1/24",))("203.0.113.50")


def evidence(world, address=PROXY, name=WEB, device="D1"):
    return [e.code for e in world.scene().ours(address, name, device)]


@pytest.fixture
def world():
    return World()


def discovery(world, phone=None):
    phone = phone or world.phone()
    phone.lookup("lyncdiscover.contoso.com", PROXY, aa=False)
    return phone


def test_nothing_shows_that_a_stranger_is_ours(world):
    discovery(world).syn("198.51.100.1")
    assert evidence(world, "198.51.100.1", None) == []


def test_private_addresses_are_never_asked(world):
    discovery(world)
    assert evidence(world, "10.0.0.10") == []


def test_h1_options():
    world = World(public_ips=(PROXY,))
    discovery(world)
    scene = world.scene()
    assert "H1" in [e.code for e in scene.ours(PROXY, WEB, "D1")]
    assert scene.site.public_ips == (PROXY,)
    assert "public_ips" not in scene.site.guessed


def test_h2_an_asymmetric_reply(world):
    discovery(world).syn(PROXY).foreign_reply("10.0.0.80")
    scene = world.scene()
    found = scene.ours(PROXY, WEB, "D1")
    assert found[0].code == "H2"
    assert found[0].strong
    assert len(found[0].refs) == 2


def test_h2_a_copy_behind_the_nat(world):
    discovery(world).syn(PROXY).nat_copy("10.20.0.31", "10.0.0.80")
    assert evidence(world)[0] == "H2"


def test_h3_a_private_answer_in_the_zone(world):
    phone = discovery(world)
    phone.lookup("lyncdiscoverinternal.contoso.com", "10.0.0.10")
    assert "H3" in evidence(world)


def test_h3_looks_at_the_owner_of_the_record(world):
    phone = world.phone()
    phone.lookup("lyncdiscoverinternal.contoso.com", "10.0.0.10")
    phone.lookup("lyncdiscover.contoso.com", "198.51.100.9", cname=("webdir.online.lync.com",))
    phone.syn("198.51.100.9")
    assert evidence(world, "198.51.100.9", "lyncdiscover.contoso.com") == []


def test_h4_a_discovery_name_of_the_account(world):
    discovery(world).syn(PROXY)
    found = world.scene().ours(PROXY, "lyncdiscover.contoso.com", "D1")
    assert [(e.code, e.strong) for e in found] == [("H4", False)]


def test_h4_a_name_out_of_an_answer(world):
    phone = world.phone().lookup("lyncdiscover.contoso.com", "203.0.113.9")
    phone.http("203.0.113.9", "lyncdiscover.contoso.com", answer=lync(("External/Ucwa", f"https://{WEB}/ucwa"), location="External"))
    phone.lookup(WEB, PROXY).syn(PROXY)
    assert "H4" in evidence(world)


@pytest.mark.parametrize(("ttl", "found"), [(63, True), (126, True), (52, False), (115, False)])
def test_h5_a_near_answer(world, ttl, found):
    phone = world.phone().lookup("www.example.org", PROXY)
    phone.connect(PROXY, 80, ttl=ttl)
    assert ("H5" in evidence(world, PROXY, "www.example.org")) == found


def test_h5_a_reset_proves_nothing(world):
    phone = world.phone().lookup("www.example.org", PROXY)
    phone.talk(PROXY, ttl=64).syn().reset(ttl=64)
    assert evidence(world, PROXY, "www.example.org") == []


def test_h6_only_adds(world):
    phone = world.phone().lookup("lyncdiscover.contoso.com", PROXY)
    other = world.phone("10.20.0.32", "a4:83:e7:00:00:32").lookup("lyncdiscover.contoso.com", PROXY)
    talk = other.connect(PROXY, ttl=50)
    phone.syn(PROXY)
    assert evidence(world) == ["H4"]  # who only connects reaches nothing
    talk.tls("lyncdiscover.contoso.com")
    assert evidence(world) == ["H4", "H6"]
    assert evidence(world, "198.51.100.77", None) == []


def test_the_site_guesses_and_says_so(world):
    phone = world.phone().lookup("lyncdiscoverinternal.contoso.com", "10.0.0.10")
    phone.https("10.0.0.10", "lyncdiscoverinternal.contoso.com")
    phone.lookup(WEB, PROXY).syn(PROXY)
    site = world.scene().site
    assert (site.public_ips, site.external_fqdns, site.guessed) == ((PROXY,), (WEB,), ("public_ips", "external_fqdns"))
