"""Rules on handshakes that end early: refused by the device, for the version, or for something else."""

import pytest
from pcapkit_dissectors.messages import Encrypted
from scenes import World, verdict

from pcapkit.rules import judge

LDI = "lyncdiscoverinternal.contoso.com"
LD = "lyncdiscover.contoso.com"
FE, PROXY = "10.0.0.10", "203.0.113.50"
TLS10, TLS12, TLS13 = 0x0301, 0x0303, 0x0304


@pytest.fixture
def world():
    return World()


def say(world, **options):
    return {f.code: f for f in judge(world.scene(**options))[0]}


def tls_codes(world):
    return {c for c in say(world) if c.startswith("tls-")}


# ---------------------------------------------------------------- tls-rejected-by-client


def test_a_refusal_that_no_chain_explains(world):
    world.phone(hostname="Annas-iPhone").lookup(LDI, FE).refused(FE, LDI, chain="public", alert=46)
    finding = say(world)["tls-rejected-by-client"]
    assert (finding.severity, finding.confidence, finding.facts["class"]) == ("critical", "high", "A")
    assert "nothing in the chain that was read explains it" in finding.detail
    assert finding.unseen == ()


def test_a_refusal_in_tls_1_3_shows_by_its_length(world):
    talk = world.phone().lookup(LDI, FE).connect(FE).hello(LDI).server_flight(version=TLS13)
    talk.say(Encrypted(23, 19))
    talk.close()
    found = say(world)
    finding = found["tls-rejected-by-client"]
    assert (finding.severity, finding.facts["class"], finding.facts["chain"]) == ("critical", "B", None)
    assert finding.unseen == ("the server's certificates",)
    assert not [c for c in found if c.startswith(("untrusted", "cert"))]


def test_the_number_of_the_alert_is_no_cause(world):
    world.phone().lookup(LDI, FE).refused(FE, LDI, chain="public", alert=45)
    finding = say(world)["tls-rejected-by-client"]
    assert "expired" not in finding.detail + " ".join(finding.remedy) + finding.title


def test_a_chain_that_explains_it_hides_it(world):
    world.trust.verdicts["private"] = verdict("private", faults=(_fault("untrusted-private-ca"),))
    world.phone().lookup(LDI, FE).refused(FE, LDI)
    found = say(world)
    assert "tls-rejected-by-client" not in found
    assert any("alert" in e.note for e in found["untrusted-private-ca"].evidence)


def _fault(code):
    from pcapkit.trust.verdict import Fault

    return Fault(code, "ab" * 32, "ends at CN=Contoso Root, a root in no store")


def test_a_spare_connection_is_no_refusal(world):
    """Opened in advance, never used: other connections to the name carry data."""
    phone = world.phone().lookup(LDI, FE)
    phone.https(FE, LDI)
    phone.connect(FE).tls(LDI).close()
    assert tls_codes(world) == set()


@pytest.mark.parametrize(("times", "severity"), [(1, "warning"), (2, "critical")])
def test_a_quiet_refusal_weighs_more_when_repeated(world, times, severity):
    phone = world.phone().lookup(LDI, FE)
    for _ in range(times):
        phone.connect(FE).tls(LDI).close()
    finding = say(world)["tls-rejected-by-client"]
    assert (finding.severity, finding.facts["count"], finding.facts["class"]) == (severity, times, "C")


def test_data_that_the_capture_lost_is_not_data_that_was_not_sent(world):
    phone = world.phone().lookup(LDI, FE)
    phone.connect(FE).tls(LDI).lose(400, 0).close()
    assert tls_codes(world) == set()


def test_where_the_device_went_on_it_is_a_warning(world):
    phone = world.phone()
    phone.lookup(LDI, FE).refused(FE, LDI, chain="public")
    phone.lookup(LD, PROXY).https(PROXY, LD)
    assert say(world)["tls-rejected-by-client"].severity == "warning"


def test_exchanges_first_step_is_silent_when_a_later_one_works(world):
    phone = world.phone()
    phone.lookup("contoso.com", "198.51.100.7").refused("198.51.100.7", "contoso.com", chain="public")
    phone.lookup("autodiscover.contoso.com", PROXY).https(PROXY, "autodiscover.contoso.com")
    assert tls_codes(world) == set()


def test_resumption_is_no_refusal(world):
    phone = world.phone().lookup(LDI, FE)
    phone.connect(FE).hello(LDI).server_flight(version=TLS13, psk=True).finish(TLS13).close()
    assert "tls-rejected-by-client" not in say(world)


def test_two_devices_at_one_server_are_one_finding(world):
    for n in (31, 32):
        world.phone(f"10.20.0.{n}", f"a4:83:e7:00:00:{n}").lookup(LDI, FE).refused(FE, LDI, chain="public")
    assert say(world)["tls-rejected-by-client"].devices == ("D1", "D2")


# ---------------------------------------------------------------- tls-version-refused


def old_hello(phone, server=FE, versions=(TLS10,)):
    return phone.lookup(LDI, server).connect(server).hello(LDI, versions=versions)


def test_the_server_says_protocol_version(world):
    old_hello(world.phone()).alert(70, by="server").close("server")
    finding = say(world)["tls-version-refused"]
    assert (finding.severity, finding.confidence) == ("critical", "high")
    assert (finding.facts["offered"], finding.facts["refused_by"], finding.facts["ending"]) == (["TLS 1.0"], "server", "alert 70 protocol_version")


@pytest.mark.parametrize("end", ["alert 40", "reset", "fin"])
def test_a_bare_end_counts_where_the_versions_explain_it(world, end):
    talk = old_hello(world.phone())
    if end == "alert 40":
        talk.alert(40, by="server").close("server")
    elif end == "reset":
        talk.reset()
    else:
        talk.close("server")
    finding = say(world)["tls-version-refused"]
    assert finding.confidence == ("high" if end == "alert 40" else "medium")
    assert "TLS 1.0 at most" in finding.detail


def test_what_the_server_speaks_elsewhere_explains_it(world):
    other = world.phone("10.20.0.32", "a4:83:e7:00:00:32")
    other.lookup(LDI, FE).https(FE, LDI, version=TLS13)
    old_hello(world.phone(), versions=(TLS12,)).reset()
    finding = say(world)["tls-version-refused"]
    assert (finding.devices, finding.facts["elsewhere"]) == (("D2",), ["TLS 1.3"])


def test_the_client_refuses_an_old_server(world):
    talk = world.phone().lookup(LDI, FE).connect(FE).hello(LDI)
    talk.server_flight(version=TLS10).alert(80).close()
    finding = say(world)["tls-version-refused"]
    assert (finding.facts["chosen"], finding.facts["refused_by"]) == ("TLS 1.0", "client")


def test_a_second_try_that_works_makes_it_a_warning(world):
    phone = world.phone()
    old_hello(phone).alert(70, by="server").close("server")
    phone.https(FE, LDI)
    assert say(world)["tls-version-refused"].severity == "warning"


# ---------------------------------------------------------------- tls-handshake-failed


@pytest.mark.parametrize("alert", [40, 71, 80, 86, 112, 120])
def test_other_fatal_alerts_of_the_server(world, alert):
    world.phone().lookup(LDI, FE).connect(FE).hello(LDI).alert(alert, by="server").close("server")
    found = say(world)
    assert {c for c in found if c.startswith("tls-")} == {"tls-handshake-failed"}
    assert (found["tls-handshake-failed"].severity, found["tls-handshake-failed"].facts["alert"]) == ("warning", alert)


def test_a_close_without_a_word(world):
    world.phone().lookup(LDI, FE).connect(FE).hello(LDI).close("server")
    finding = say(world)["tls-handshake-failed"]
    assert (finding.confidence, finding.facts["alert"]) == ("medium", None)


def test_a_warning_alert_ends_nothing(world):
    """unrecognized_name at level warning: the handshake goes on (RFC 6066, 3)."""
    talk = world.phone().lookup(LDI, FE).connect(FE).hello(LDI).alert(112, level=1, by="server")
    talk.server_flight().finish().appdata().close()
    assert tls_codes(world) == set()


def test_a_goodbye_is_no_fault(world):
    talk = world.phone().lookup(LDI, FE).connect(FE).tls(LDI).appdata()
    talk.alert(0, level=1, by="server").close("server")
    assert tls_codes(world) == set()


def test_handshakes_outside_sessions_are_not_our_business(world):
    world.phone().lookup("shop.example.org", "198.51.100.9").connect("198.51.100.9").hello("shop.example.org").alert(40, by="server").close("server")
    assert tls_codes(world) == set()


def test_a_lookup_that_failed_hides_it(world):
    """A name that an inside resolver could not give, reached by an address known from before."""
    phone = world.phone()
    phone.lookup(LDI, silent=True, repeats=2)
    world.wait(10)
    phone.connect(FE).hello(LDI).alert(40, by="server").close("server")
    found = say(world)
    assert "dns-timeout" in found
    assert "tls-handshake-failed" not in found


def test_a_lookup_that_failed_before_the_answer_hides_nothing(world):
    phone = world.phone()
    phone.lookup(LDI, silent=True, repeats=2)
    world.wait(10)
    phone.lookup(LDI, FE).connect(FE).hello(LDI).alert(40, by="server").close("server")
    assert "tls-handshake-failed" in say(world)
