"""Sessions: what belongs to one, what came of it, and what is said."""

import pytest
from pcapkit_dissectors.messages import Encrypted, ExchangeAnswer, ExchangeRequest, Unreadable
from scenes import World, lync

from pcapkit.flows.facts import REVERSE

INTERNAL, EXTERNAL, WEB = "lyncdiscoverinternal.contoso.com", "lyncdiscover.contoso.com", "webext.contoso.com"
FE, PROXY, MAIL = "10.0.0.10", "203.0.113.50", "10.0.0.25"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def phone(world):
    return world.phone(hostname="Annas-iPhone")


def only(scene):
    (session,) = scene.sessions
    return session


def brief(session):
    return [(a.role, a.name, a.outcome, a.failed_at) for a in session.attempts]


def test_encrypted_sign_in_that_works(world, phone):
    phone.lookup(INTERNAL, FE, types=("A", "AAAA")).https(FE, INTERNAL)
    phone.lookup("sfbint.contoso.com", FE).https(FE, "sfbint.contoso.com")
    phone.lookup(WEB, PROXY).https(PROXY, WEB)
    phone.https(PROXY, WEB)
    session = only(world.scene())
    assert (session.id, session.service, session.domain, session.outcome, session.failed_at) == ("S1", "lync", "contoso.com", "succeeded", None)
    assert [a.role for a in session.attempts] == ["discover-internal", "web-internal", "web-external", "web-external"]
    assert [s.kind for s in session.steps] == ["dns", "connect", "tls"] * 3 + ["connect", "tls"]


def test_hairpin_that_gets_no_reply(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup(WEB, PROXY).syn(PROXY, times=4)
    session = only(world.scene())
    assert (session.outcome, session.failed_at) == ("failed", "connect")
    assert session.attempts[-1].lookup.name == WEB
    assert session.summary == "Lync/Skype for Business sign-in of contoso.com failed: webext.contoso.com (203.0.113.50:443): no answer to 4 SYN."


def test_a_device_that_only_discovers_is_incomplete(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    session = only(world.scene())
    assert (session.outcome, session.failed_at) == ("incomplete", None)


def test_refused_certificate_then_the_external_name(world, phone):
    phone.lookup(INTERNAL, FE).refused(FE, INTERNAL)
    phone.lookup(EXTERNAL, PROXY).https(PROXY, EXTERNAL)
    phone.lookup(WEB, PROXY).https(PROXY, WEB)
    session = only(world.scene())
    assert session.outcome == "degraded"
    assert brief(session)[0] == ("discover-internal", INTERNAL, "failed", "tls")
    assert "unknown_ca" in session.attempts[0].reason


def test_missing_internal_name_alone_does_not_degrade(world, phone):
    phone.lookup(INTERNAL, rcode=3).lookup(EXTERNAL, PROXY).https(PROXY, EXTERNAL)
    phone.lookup(WEB, PROXY).https(PROXY, WEB)
    session = only(world.scene())
    assert session.outcome == "succeeded"
    assert brief(session)[0] == ("discover-internal", INTERNAL, "failed", "dns")


def test_no_record_at_all(world, phone):
    phone.lookup(INTERNAL, rcode=3).lookup(EXTERNAL, rcode=3)
    session = only(world.scene())
    assert (session.outcome, session.failed_at) == ("failed", "dns")


def test_clear_text_after_a_refused_port(world, phone):
    phone.lookup(INTERNAL, FE).talk(FE, 443).syn().reset()
    phone.http(
        FE, INTERNAL, "/?sipuri=sip:anna@contoso.com", answer=lync(("User", f"https://{WEB}/root/user"), ("Domain", f"https://{WEB}/root/domain"))
    )
    session = only(world.scene())
    assert session.outcome == "degraded"
    assert "clear text" in session.summary or "refused" in session.summary


def test_two_domains_are_two_sessions(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup("lyncdiscoverinternal.fabrikam.com", rcode=3).lookup("lyncdiscover.fabrikam.com", rcode=3)
    scene = world.scene()
    assert [(s.id, s.domain, s.outcome) for s in scene.sessions] == [("S1", "contoso.com", "incomplete"), ("S2", "fabrikam.com", "failed")]


def test_two_services_are_two_sessions(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup("autodiscover.contoso.com", MAIL).https(MAIL, "autodiscover.contoso.com")
    assert [(s.service, s.domain) for s in world.scene().sessions] == [("lync", "contoso.com"), ("exchange", "contoso.com")]


def test_idle_ends_a_session(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    world.wait(130)
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    scene = world.scene()
    assert [s.id for s in scene.sessions] == ["S1", "S2"]


def test_a_long_connection_keeps_the_session(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    talk = phone.lookup(WEB, PROXY).connect(PROXY).tls(WEB).appdata()
    for _ in range(3):
        world.wait(100)
        talk.appdata()
    phone.lookup(INTERNAL, FE)
    assert len(world.scene().sessions) == 1


def test_step_one_belongs_to_exchange_only_beside_autodiscover(world, phone):
    phone.lookup("contoso.com", "203.0.113.80").https("203.0.113.80", "contoso.com")
    assert world.scene().sessions == []
    phone.lookup("autodiscover.contoso.com", MAIL).https(MAIL, "autodiscover.contoso.com")
    session = only(world.scene())
    assert [a.role for a in session.attempts] == ["exch-root", "exch-autodiscover"]


def test_readable_exchange_discovery(world, phone):
    settings = ExchangeAnswer("mobilesync", "settings", (("MobileSync", "https://mail.contoso.com/Microsoft-Server-ActiveSync"),))
    phone.lookup("contoso.com").lookup("contoso.com.contoso.com", rcode=3)
    talk = phone.lookup("autodiscover.contoso.com", MAIL).connect(MAIL).tls("autodiscover.contoso.com")
    path, asked = "/autodiscover/autodiscover.xml", ExchangeRequest("mobilesync", "anna@contoso.com", None)
    talk.exchange("POST", path, "autodiscover.contoso.com", 401, www_authenticate=("Basic realm=x",), asked=asked, secure=True)
    talk.exchange("POST", path, "autodiscover.contoso.com", 200, settings, headers=(("Authorization", "Basic x"),), secure=True)
    phone.lookup("mail.contoso.com", MAIL).https(MAIL, "mail.contoso.com")
    scene = world.scene()
    session = only(scene)
    assert session.outcome == "succeeded"
    assert scene.names["mail.contoso.com"].role == "mobility"
    assert scene.names["mail.contoso.com"].known
    assert [a.role for a in session.attempts] == ["exch-root", "exch-autodiscover", "mobility"]
    assert [s.detail["status"] for s in session.steps if s.kind == "http"] == [401, 200]
    assert session.attempts[1].exchanges[0].asked == asked


def test_a_web_page_in_place_of_an_answer(world, phone):
    phone.lookup(EXTERNAL, PROXY).http(PROXY, EXTERNAL, "/", content_type="text/html", answer=Unreadable("HTML", html=True))
    session = only(world.scene())
    assert (session.outcome, session.failed_at) == ("failed", "http")


def test_a_cached_url_session_begins_at_a_known_name(world, phone):
    other = world.phone("10.20.0.32", "a4:83:e7:00:00:32")
    other.lookup(EXTERNAL, PROXY).http(PROXY, EXTERNAL, "/", answer=lync(("External/Ucwa", f"https://{WEB}/ucwa"), location="External"))
    phone.https(PROXY, WEB)
    first, second = sorted(world.scene().sessions, key=lambda s: s.device.id, reverse=True)
    assert (first.device.addresses, second.device.addresses) == (("10.20.0.32",), ("10.20.0.31",))
    assert [(a.role, a.name) for a in second.attempts] == [("web-external", WEB)]
    assert second.outcome == "succeeded"


def test_an_option_makes_a_name_known():
    world = World(external_fqdns=("webext.contoso.com",))
    world.phone().lookup(WEB, rcode=3)
    session = only(world.scene())
    assert (session.domain, session.failed_at) == ("contoso.com", "dns")


def test_guessed_names_never_begin_a_session(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup(WEB, PROXY).https(PROXY, WEB)
    world.wait(300)
    phone.lookup(WEB, PROXY).https(PROXY, WEB)
    assert len(world.scene().sessions) == 1


def test_a_leak_belongs_to_the_session_that_it_leaks_from(world, phone):
    phone.lookup("contoso.com", rcode=3).lookup("autodiscover.contoso.com", rcode=3)
    phone.lookup("autodiscover.com", "198.51.100.66").https("198.51.100.66", "autodiscover.com")
    session = only(world.scene())
    assert session.domain == "contoso.com"
    assert session.attempts[-1].name == "autodiscover.com"


def test_unused_answers_are_no_failure_beside_a_connection(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup(INTERNAL, FE)
    session = only(world.scene())
    assert len(session.attempts) == 1
    assert len(session.lookups) == 2


def test_other_traffic_makes_no_session(world, phone):
    phone.lookup("www.example.org", "198.51.100.80").https("198.51.100.80", "www.example.org")
    phone.syn("198.51.100.81", times=3)
    scene = world.scene()
    assert scene.sessions == []
    assert [d.id for d in scene.devices] == ["D1"]


def test_the_same_facts_give_the_same_scene(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup(WEB, PROXY).syn(PROXY)
    first, second = world.scene(), world.scene()
    assert first.sessions[0].steps == second.sessions[0].steps
    assert first.site == second.site


def test_identity_providers_join_an_open_session(world, phone):
    phone.lookup("login.microsoftonline.com", "198.51.100.20").https("198.51.100.20", "login.microsoftonline.com")
    assert world.scene().sessions == []
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup("login.microsoftonline.com", "198.51.100.20").https("198.51.100.20", "login.microsoftonline.com")
    assert [a.role for a in only(world.scene()).attempts] == ["discover-internal", "idp"]


def test_a_challenge_alone_proves_nothing(world, phone):
    phone.lookup(EXTERNAL, PROXY).connect(PROXY, 80).exchange(host=EXTERNAL, status=401, www_authenticate=("NTLM",))
    session = only(world.scene())
    assert (session.outcome, session.attempts[0].outcome) == ("incomplete", "unknown")


def test_a_refusal_of_credentials_is_a_failure(world, phone):
    talk = phone.lookup(EXTERNAL, PROXY).connect(PROXY, 80)
    talk.exchange(host=EXTERNAL, status=401, www_authenticate=("Basic realm=x",))
    talk.exchange(host=EXTERNAL, status=401, www_authenticate=("Basic realm=x",), headers=(("Authorization", "Basic x"),))
    session = only(world.scene())
    assert (session.outcome, session.failed_at) == ("failed", "http")


def test_443_closed_beside_a_redirect_is_meant_so(world, phone):
    phone.lookup(EXTERNAL, PROXY).talk(PROXY, 443).syn().reset()
    phone.http(PROXY, EXTERNAL, answer=lync(("Redirect", f"https://{WEB}/Autodiscover/AutodiscoverService.svc/root"), location="External"))
    phone.lookup(WEB, "203.0.113.51").https("203.0.113.51", WEB)
    assert only(world.scene()).outcome == "succeeded"


def test_a_redirect_to_another_domain_is_no_answer(world, phone):
    phone.lookup(EXTERNAL, PROXY).http(PROXY, EXTERNAL, status=302, location="https://portal.example.net/login")
    session = only(world.scene())
    assert (session.outcome, session.failed_at) == ("failed", "http")
    assert "another domain" in session.summary


def test_exchange_by_srv_is_as_good_as_any(world, phone):
    phone.lookup("contoso.com", rcode=3).lookup("autodiscover.contoso.com", rcode=3)
    phone.lookup("_autodiscover._tcp.contoso.com", qtype="SRV", srv=("0 0 443 mail.contoso.com",))
    phone.lookup("mail.contoso.com", MAIL).https(MAIL, "mail.contoso.com")
    phone.lookup("eas.contoso.com", MAIL).https(MAIL, "eas.contoso.com")
    session = only(world.scene())
    assert session.outcome == "succeeded"
    assert [a.role for a in session.attempts] == ["exch-root", "exch-autodiscover", "exch-srv", "exch-autodiscover", "web-internal"]


def test_a_happy_eyeballs_loser_does_not_fail_the_session(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.ip = "2001:db8:20::31"
    phone.syn("2001:db8::50", times=1)
    phone.ip = "10.20.0.31"
    phone.lookup(WEB, PROXY, "2001:db8::50", types=("A", "AAAA"))
    phone.ip = "2001:db8:20::31"
    phone.syn("2001:db8::50", times=1)
    phone.ip = "10.20.0.31"
    phone.https(PROXY, WEB)
    session = only(world.scene())
    assert session.outcome == "succeeded"
    assert [(a.address, a.outcome) for a in session.attempts if a.name == WEB] == [("2001:db8::50", "failed"), (PROXY, "ok")]


def test_the_answer_from_elsewhere_is_no_attempt_of_its_own(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    talk = phone.lookup(WEB, PROXY).syn(PROXY, times=1)
    stray = phone.talk(FE, 443)
    stray.client_port = talk.client_port
    stray.synack()
    talk.foreign.append((talk._last(2)[1:], stray._last(2)[1:], FE, 64, None))
    session = only(world.scene())
    assert [a.role for a in session.attempts] == ["discover-internal", "web-external"]


def test_a_stall_after_the_hello(world, phone):
    phone.lookup(EXTERNAL, PROXY).connect(PROXY).hello(EXTERNAL)
    session = only(world.scene())
    assert (session.outcome, session.failed_at) == ("failed", "tls")
    assert "no answer to the ClientHello" in session.summary


def test_the_server_ends_the_handshake(world, phone):
    phone.lookup(EXTERNAL, PROXY).connect(PROXY).hello(EXTERNAL).alert(40, by="server").close("server")
    session = only(world.scene())
    assert session.attempts[0].reason == "the server ends the handshake: alert handshake_failure"


def test_service_errors_are_the_services(world, phone):
    phone.lookup(EXTERNAL, PROXY).http(PROXY, EXTERNAL, answer=lync(("Redirect", f"https://{WEB}/root"), location="External"))
    talk = phone.lookup(WEB, PROXY).connect(PROXY).tls(WEB)
    talk.exchange("POST", "/ucwa/oauth/v1/applications", WEB, 403, secure=True)
    session = only(world.scene())
    assert (session.outcome, session.failed_at) == ("failed", "service")
    assert session.steps[-1].detail["path"] == "/ucwa/oauth/v1/applications"


def test_no_secret_is_in_the_steps(world, phone):
    talk = phone.lookup(EXTERNAL, PROXY).connect(PROXY, 80)
    talk.exchange(path="/?sipuri=sip:anna@contoso.com&password=hunter2", host=EXTERNAL, headers=(("Authorization", "Basic aHVudGVyMg=="),))
    session = only(world.scene())
    assert "hunter2" not in repr(session.steps)
    assert "aHVudGVyMg" not in repr(session.steps)


@pytest.mark.parametrize(("answered", "outcome"), [(True, "ok"), (False, "unknown")])
def test_an_encrypted_answer_counts_by_its_time_where_its_records_are_not_read(world, phone, answered, outcome):
    talk = phone.lookup(INTERNAL, FE).connect(FE).tls(INTERNAL, version=0x0304)
    talk.appdata(request=400, response=0)
    if answered:
        talk.payload[REVERSE].append((world.tick(20), 300))
    talk.say(Encrypted(23, 19), size=24)
    talk.close()
    assert [a.outcome for a in only(world.scene()).attempts] == [outcome]


def test_an_answer_that_leads_nowhere_is_where_it_failed(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup(WEB, "0.0.0.0")
    session = only(world.scene(external_fqdns=(WEB,)))
    assert (session.outcome, session.failed_at) == ("failed", "dns")


def test_what_the_service_answers_is_not_made_good_by_a_connection_that_was_open_before(world, phone):
    phone.lookup(INTERNAL, FE).https(FE, INTERNAL)
    phone.lookup(WEB, PROXY)
    early = phone.connect(PROXY).tls(WEB).appdata()
    phone.http(PROXY, WEB, "/Mcx/McxService.svc", status=503)
    early.appdata()
    session = only(world.scene(external_fqdns=(WEB,)))
    assert (session.outcome, session.failed_at) == ("failed", "service")
