"""Roles of names: known from answers, requests and options, or guessed from the order of things."""

import pytest
from pcapkit_dissectors.messages import ExchangeAnswer, ExchangeRequest
from scenes import World, lync

INTERNAL, EXTERNAL = "lyncdiscoverinternal.contoso.com", "lyncdiscover.contoso.com"
FE, PROXY = "10.0.0.10", "203.0.113.50"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def phone(world):
    return world.phone()


def role(world, name):
    fact = world.scene().names.get(name)
    return (fact.role, fact.known) if fact else None


def test_private_answers_are_inside_and_the_first_public_one_is_outside(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup("pool.contoso.com", FE).https(FE, "pool.contoso.com")
    phone.lookup("web.contoso.com", PROXY).https(PROXY, "web.contoso.com")
    phone.lookup("other.contoso.com", "203.0.113.51")
    assert role(world, "pool.contoso.com") == ("web-internal", False)
    assert role(world, "web.contoso.com") == ("web-external", False)
    assert role(world, "other.contoso.com") is None


def test_global_ipv6_addresses_of_an_inside_server_do_not_make_its_name_external(world, phone):
    phone.lookup(INTERNAL, FE, "2001:db8:107::10", types=("A", "AAAA")).https(FE, INTERNAL)
    phone.lookup("pool.contoso.com", FE, "2001:db8:107::10", types=("A", "AAAA")).https("2001:db8:107::10", "pool.contoso.com")
    phone.lookup("web.contoso.com", PROXY, "2001:db8:204::28", types=("A", "AAAA"))
    assert role(world, "pool.contoso.com") == ("web-internal", False)
    assert role(world, "web.contoso.com") == ("web-external", False)


def test_the_window_closes(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    world.wait(11)
    phone.lookup("web.contoso.com", PROXY)
    assert role(world, "web.contoso.com") is None


def test_guesses_follow_guesses(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    world.wait(8)
    phone.lookup("pool.contoso.com", FE).https(FE, "pool.contoso.com")
    world.wait(8)
    phone.lookup("web.contoso.com", PROXY)
    assert role(world, "web.contoso.com") == ("web-external", False)


def test_a_failed_connection_explains_nothing(world, phone):
    phone.lookup(INTERNAL, FE).refused(FE, INTERNAL)
    phone.lookup("web.contoso.com", PROXY)
    assert role(world, "web.contoso.com") is None


@pytest.mark.parametrize(
    "name", ["www.contoso.com", "wpad.contoso.com", "contoso.com", "web.fabrikam.com", "_ldap._tcp.contoso.com", "sts.fabrikam.com"]
)
def test_names_that_are_never_guessed(world, phone, name):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup(name, PROXY)
    assert role(world, name) is None


def test_readable_answers_leave_nothing_to_guess(world, phone):
    answer = lync(("External/Ucwa", "https://webext.contoso.com/ucwa"), ("Internal/Autodiscover", "https://pool.contoso.com/x"))
    phone.lookup(INTERNAL, FE).http(FE, INTERNAL, answer=answer)
    phone.lookup("print.contoso.com", "10.0.0.77")
    assert role(world, "webext.contoso.com") == ("web-external", True)
    assert role(world, "pool.contoso.com") == ("web-internal", True)
    assert role(world, "print.contoso.com") is None


def test_a_federation_server_of_the_organisation(world, phone):
    phone.lookup(INTERNAL, FE).lookup("sts.contoso.com", PROXY)
    assert role(world, "sts.contoso.com") == ("idp", True)


def test_an_internal_root_that_links_outside(world, phone):
    phone.lookup(INTERNAL, FE).http(
        FE, INTERNAL, answer=lync(("User", "https://web.contoso.com/root/user"), ("Domain", "https://pool.contoso.com/root/domain"))
    )
    phone.lookup("web.contoso.com", PROXY).lookup("pool.contoso.com", FE)
    assert role(world, "web.contoso.com") == ("web-external", True)
    assert role(world, "pool.contoso.com") == ("web-internal", True)


def test_headers_tell_hosts(world, phone):
    talk = phone.lookup(EXTERNAL, PROXY).connect(PROXY).tls(EXTERNAL)
    talk.exchange(
        path="/Autodiscover/AutodiscoverService.svc/root/user", host=EXTERNAL, status=401, secure=True,
        response_headers=(("X-MS-WebTicketURL", "https://ticket.contoso.com/WebTicket/WebTicketService.svc"),),
        www_authenticate=('Bearer trusted_issuers="x",authorization_uri="https://login.fabrikam.com/oauth2"', 'MsRtcOAuth href="https://oauth.contoso.com/WebTicket/oauthtoken"'),
    )  # fmt: skip
    assert role(world, "ticket.contoso.com") == ("webticket", True)
    assert role(world, "oauth.contoso.com") == ("webticket", True)
    assert role(world, "login.fabrikam.com") == ("idp", True)


def test_redirects_of_exchange(world, phone):
    where = "https://mail.fabrikam.com/autodiscover/autodiscover.xml"
    phone.lookup("autodiscover.contoso.com", PROXY).http(
        PROXY, "autodiscover.contoso.com", "/autodiscover/autodiscover.xml", status=302, location=where
    )
    phone.lookup("mail.fabrikam.com", "203.0.113.60").https("203.0.113.60", "mail.fabrikam.com")
    scene = world.scene()
    assert (scene.names["mail.fabrikam.com"].role, scene.names["mail.fabrikam.com"].domain) == ("exch-autodiscover", "contoso.com")
    (session,) = scene.sessions
    assert [a.name for a in session.attempts] == ["autodiscover.contoso.com", "mail.fabrikam.com"]


def test_x_ms_location_and_the_account_of_a_request(world, phone):
    talk = phone.lookup("mail.contoso.com", PROXY).connect(PROXY).tls("mail.contoso.com")
    talk.exchange("POST", "/Microsoft-Server-ActiveSync?Cmd=Sync&User=anna@contoso.com&DeviceType=iPhone", "mail.contoso.com", 451, secure=True,
                  response_headers=(("X-MS-Location", "https://mail2.contoso.com/Microsoft-Server-ActiveSync"),))  # fmt: skip
    scene = world.scene()
    assert scene.names["mail2.contoso.com"].role == "mobility"
    assert scene.names["mail.contoso.com"].role == "mobility"
    (session,) = scene.sessions
    assert (session.service, session.domain) == ("exchange", "contoso.com")
    assert session.device.platform.name == "ios"


def test_the_account_may_lie_below_another_domain(world, phone):
    settings = ExchangeAnswer("mobilesync", "settings", (("MobileSync", "https://mail.host.example/Microsoft-Server-ActiveSync"),))
    talk = phone.lookup("autodiscover.contoso.com", PROXY).connect(PROXY).tls("autodiscover.contoso.com")
    asked = ExchangeRequest("mobilesync", "anna@contoso.com", None)
    talk.exchange("POST", "/autodiscover/autodiscover.xml", "autodiscover.contoso.com", 200, settings, asked=asked, secure=True)
    phone.lookup("mail.host.example", PROXY).https(PROXY, "mail.host.example")
    (session,) = world.scene().sessions
    assert [a.role for a in session.attempts] == ["exch-autodiscover", "mobility"]
    assert session.outcome == "succeeded"


def test_several_domains_may_share_one_external_name(world, phone):
    answer = lync(("External/Ucwa", "https://webext.contoso.com/ucwa"), location="External")
    phone.lookup(EXTERNAL, PROXY).http(PROXY, EXTERNAL, answer=answer)
    world.wait(200)
    phone.lookup("lyncdiscover.fabrikam.com", PROXY).http(PROXY, "lyncdiscover.fabrikam.com", answer=answer)
    phone.lookup("webext.contoso.com", PROXY).syn(PROXY)
    first, second = world.scene().sessions
    assert (first.domain, second.domain) == ("contoso.com", "fabrikam.com")
    assert [a.name for a in second.attempts] == ["lyncdiscover.fabrikam.com", "webext.contoso.com"]
    assert second.failed_at == "connect"
