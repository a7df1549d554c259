"""Rules on certificates: what each device was shown, how it took it, and what is said of it. Chains are real, worlds are small."""

import pytest
from make_certs import DAY, authority, self_signed, tiny_rsa_public
from pcapkit_dissectors.messages import Certificate
from scenes import NS, T0, World, lync

from pcapkit.rules import judge
from pcapkit.trust.verify import Trust

LDI = "lyncdiscoverinternal.contoso.com"
LD = "lyncdiscover.contoso.com"
EXT = "webext.contoso.com"
FE, PROXY = "10.0.0.10", "203.0.113.50"
START, END = T0 - 100 * DAY, T0 + 600 * DAY

PUBLIC = authority("CN=Lakeside Root,O=Lakeside", start=START, end=END)
PUBLIC_CA = PUBLIC.authority("CN=Lakeside CA,O=Lakeside", start=START, end=END)
PRIVATE = authority("CN=Contoso Root,DC=contoso,DC=com", start=START, end=END)
NAMES = (LDI, LD, EXT, "autodiscover.contoso.com", "contoso.com")


def leaf(*names, issuer=PUBLIC_CA, **options):
    return issuer.leaf(*(names or NAMES), **{"start": T0 - 10 * DAY, "end": T0 + 180 * DAY, **options})


class RealTrust:
    """The real judge, for chains that worlds call by name."""

    def __init__(self, path, chains):
        path.write_bytes(PUBLIC.der)
        self.real = Trust([path])
        self.given = ()
        self.chains = {"public": (leaf(), PUBLIC_CA.der), "private": (leaf(issuer=PRIVATE), PRIVATE.der), **chains}

    def judge(self, chain, name, at_ns):
        return self.real.judge(self.chains.get(chain[0].decode("latin-1"), chain), name, at_ns)

    def learn(self, der):
        self.real.learn(der)

    def given_chain(self, name):
        return self.given


@pytest.fixture
def world(tmp_path):
    """A world whose chains are real: ``public``, ``private``, and those that a test adds to ``world.trust.chains``."""
    made = World()
    made.trust = RealTrust(tmp_path / "root.der", {})
    return made


def say(world, **options):
    found, not_judged = judge(world.scene(**options))
    return {f.code: f for f in found}, not_judged


def codes(world):
    return {c for c in say(world)[0] if c.startswith(("cert-", "untrusted-", "tls-"))}


def signed_in(phone, chain="public", *, external="public"):
    """Inside name, its answer, then the external web services."""
    phone.lookup(LDI, FE).https(FE, LDI, chain=chain)
    phone.lookup(EXT, PROXY).https(PROXY, EXT, chain=external)
    return phone


# ---------------------------------------------------------------- healthy


def test_a_sound_chain_is_silent(world):
    signed_in(world.phone(hostname="Annas-iPhone"))
    assert codes(world) == set()


# ---------------------------------------------------------------- untrusted-private-ca: the trio of the origin document


def test_an_iphone_refuses_and_has_no_other_way(world):
    world.phone(hostname="Annas-iPhone").lookup(LDI, FE).refused(FE, LDI, alert=46)
    found, _ = say(world)
    assert {c for c in found if c.startswith(("untrusted", "tls"))} == {"untrusted-private-ca"}
    finding = found["untrusted-private-ca"]
    assert (finding.severity, finding.confidence) == ("critical", "high")
    assert "Annas-iPhone refused the certificate of lyncdiscoverinternal.contoso.com at 10.0.0.10:443" in finding.detail
    assert "Contoso Root" in finding.detail
    assert finding.facts["by_device"]["D1"]["reaction"] == "refused"
    assert finding.facts["by_device"]["D1"]["refusal_class"] == "A"
    assert set(finding.facts["platforms"]) == {"ios", "android-up-to-6", "android-from-7", "windows-phone", "windows"}
    notes = " ".join(e.note for e in finding.evidence)
    assert "ClientHello" in notes
    assert "Certificate" in notes


def test_a_windows_phone_falls_back_without_a_word(world):
    phone = world.phone(hostname="Windows-Phone")
    phone.lookup(LDI, FE).connect(FE).hello(LDI).server_flight("private").close()
    phone.lookup(LD, PROXY).https(PROXY, LD)
    found, _ = say(world)
    finding = found["untrusted-private-ca"]
    assert finding.severity == "warning"
    by_device = finding.facts["by_device"]["D1"]
    assert (by_device["reaction"], by_device["went_on_to"], by_device["that_worked"]) == ("fell-back", LD, True)
    assert any("asks for lyncdiscover.contoso.com instead" in e.note for e in finding.evidence)
    assert "tls-rejected-by-client" not in found


def test_a_fallback_that_fails_too_is_no_other_way(world):
    phone = world.phone()
    phone.lookup(LDI, FE).refused(FE, LDI)
    phone.lookup(LD, PROXY).syn(PROXY, times=3)
    found, _ = say(world)
    assert found["untrusted-private-ca"].severity == "critical"
    assert found["untrusted-private-ca"].facts["by_device"]["D1"]["that_worked"] is False


def test_the_same_name_over_http_is_another_way(world):
    phone = world.phone()
    phone.lookup(LDI, FE).refused(FE, LDI)
    phone.http(FE, LDI, f"/?sipuri=sip:anna@{LDI}", answer=lync(("User", f"https://{EXT}/"), ("Domain", f"https://{EXT}/d")))
    found, _ = say(world)
    assert found["untrusted-private-ca"].severity == "warning"
    assert "fell back to clear-text HTTP" in found["untrusted-private-ca"].detail
    assert found["http-fallback"].caused_by == (found["untrusted-private-ca"].id,)
    assert set(found["http-fallback"].facts["platforms"]) == set(found["untrusted-private-ca"].facts["platforms"])


def test_an_android_user_presses_connect(world):
    phone = world.phone()
    talk = phone.lookup(LDI, FE).connect(FE).hello(LDI).server_flight("private")
    world.wait(6)
    talk.close()
    phone.https(FE, LDI, chain="private")
    found, _ = say(world)
    finding = found["untrusted-private-ca"]
    assert finding.severity == "info"
    assert finding.facts["by_device"]["D1"]["reaction"].startswith("accepted")
    assert "tls-rejected-by-client" not in found


def test_a_device_with_the_root_accepts(world):
    signed_in(world.phone(), "private")
    finding = say(world)[0]["untrusted-private-ca"]
    assert (finding.severity, finding.facts["by_device"]["D1"]["reaction"]) == ("info", "accepted")
    assert "accepted the certificate" in finding.detail


def test_one_certificate_is_one_finding_over_all_devices(world):
    world.phone("10.20.0.31", "a4:83:e7:00:00:31").lookup(LDI, FE).refused(FE, LDI)
    signed_in(world.phone("10.20.0.32", "a4:83:e7:00:00:32"), "private")
    finding = say(world)[0]["untrusted-private-ca"]
    assert (finding.severity, finding.devices) == ("critical", ("D1", "D2"))
    assert [finding.facts["by_device"][d]["reaction"] for d in finding.devices] == ["refused", "accepted"]


def test_a_root_that_was_given_is_no_finding(world, tmp_path):
    root = tmp_path / "corp.der"
    root.write_bytes(PRIVATE.der)
    world.trust.real = Trust([root])
    signed_in(world.phone(), "private", external="private")
    assert codes(world) == set()


def test_tls_inspection_shows_by_unrelated_names(world):
    inspector = authority("CN=Contoso Inspection CA,DC=contoso,DC=com", start=START, end=END)
    world.trust.chains["inspected"] = (leaf(issuer=inspector), inspector.der)
    phone = world.phone()
    phone.lookup(LDI, FE).refused(FE, LDI, chain="inspected")
    other = inspector.leaf("www.example.org", start=T0 - DAY, end=T0 + 90 * DAY)
    talk = phone.lookup("www.example.org", "198.51.100.7").connect("198.51.100.7").hello("www.example.org")
    talk.server_flight(None)
    from pcapkit.flows.facts import REVERSE

    talk.say(Certificate(("00" * 32,), (len(other),), (other,)), REVERSE)
    finding = say(world)[0]["untrusted-private-ca"]
    assert (finding.facts["subtype"], finding.facts["inspected"]) == ("tls-inspection", ["www.example.org"])
    assert "TLS is being inspected" in finding.detail
    assert "inspection" in finding.remedy[0]


def test_an_internal_site_of_the_same_ca_is_no_inspection(world):
    phone = world.phone()
    phone.lookup(LDI, FE).refused(FE, LDI)
    other = PRIVATE.leaf("wiki.corp.example", start=T0 - DAY, end=T0 + 90 * DAY)
    talk = phone.lookup("wiki.corp.example", "10.0.0.80").connect("10.0.0.80").hello("wiki.corp.example").server_flight(None)
    from pcapkit.flows.facts import REVERSE

    talk.say(Certificate(("00" * 32,), (len(other),), (other,)), REVERSE)
    assert say(world)[0]["untrusted-private-ca"].facts["subtype"] is None


# ---------------------------------------------------------------- TLS 1.3, borrowed chains, what cannot be judged


def test_tls_1_3_hides_certificates_and_that_is_said(world):
    phone = world.phone()
    phone.lookup(LDI, FE).https(FE, LDI, version=0x0304)
    found, not_judged = say(world)
    assert not [c for c in found if c.startswith(("untrusted", "cert"))]
    assert {(n.code, n.devices) for n in not_judged if "TLS 1.3" in n.reason} == {("untrusted-*", ("D1",)), ("cert-*", ("D1",))}


def test_a_close_after_a_while_is_told_as_what_it_is(world):
    talk = world.phone(hostname="Mia").lookup(LDI, FE).connect(FE).hello(LDI).server_flight("private")
    world.wait(8)
    talk.close()
    assert say(world)[0]["untrusted-private-ca"].detail.startswith("Mia probably refused")


def test_dates_are_not_judged_by_a_clock_that_was_never_set(world):
    world.now = 60 * NS
    world.phone().lookup(LDI, FE).https(FE, LDI)
    found, not_judged = say(world)
    assert not found
    assert {"cert-not-yet-valid", "cert-expired"} <= {n.code for n in not_judged}


def test_a_chain_seen_elsewhere_explains_a_refusal_but_less_surely(world):
    first = world.phone("10.20.0.31", "a4:83:e7:00:00:31")
    first.lookup(LDI, FE).refused(FE, LDI)
    second = world.phone("10.20.0.32", "a4:83:e7:00:00:32")
    second.lookup(LDI, FE).connect(FE).hello(LDI).server_flight("private", version=0x0304).alert(48).close()
    found, _ = say(world)
    assert "tls-rejected-by-client" not in found
    finding = found["untrusted-private-ca"]
    assert finding.devices == ("D1", "D2")


def test_a_chain_that_was_given_explains_a_refusal(world):
    world.trust.given = world.trust.chains["private"]
    world.phone().lookup(LDI, FE).connect(FE).hello(LDI).server_flight(version=0x0304).alert(48).close()
    found, _ = say(world)
    assert "tls-rejected-by-client" not in found
    finding = found["untrusted-private-ca"]
    assert finding.confidence == "medium"
    assert any("--intermediates" in reason for reason in finding.confidence_because)


def test_a_borrowed_chain_alone_accuses_nobody(world):
    first = world.phone("10.20.0.31", "a4:83:e7:00:00:31")
    first.lookup(LDI, FE).refused(FE, LDI)
    second = world.phone("10.20.0.32", "a4:83:e7:00:00:32")
    second.lookup(LDI, FE).https(FE, LDI, version=0x0304)
    assert say(world)[0]["untrusted-private-ca"].devices == ("D1",)


# ---------------------------------------------------------------- self-signed, incomplete


def test_self_signed(world):
    world.trust.chains["self"] = (self_signed(*NAMES, start=T0 - DAY, end=T0 + 90 * DAY),)
    world.phone().lookup(LDI, FE).refused(FE, LDI, chain="self")
    found, _ = say(world)
    assert {c for c in found if c.startswith(("untrusted", "cert", "tls"))} == {"untrusted-self-signed"}
    assert found["untrusted-self-signed"].severity == "critical"


@pytest.mark.parametrize(("refused", "severity"), [(True, "critical"), (False, "warning")])
def test_incomplete(world, refused, severity):
    world.trust.chains["short"] = (leaf(),)
    phone = world.phone().lookup(LDI, FE)
    phone.refused(FE, LDI, chain="short") if refused else phone.https(FE, LDI, chain="short")
    finding = say(world)[0]["untrusted-incomplete-chain"]
    assert (finding.severity, finding.confidence) == (severity, "medium")
    assert finding.facts["missing_issuer"] == "CN=Lakeside CA, O=Lakeside"


def test_incomplete_is_sure_where_another_server_sent_the_issuer(world):
    world.trust.chains["short"] = (leaf(),)
    world.trust.learn(PUBLIC_CA.der)
    world.phone().lookup(LDI, FE).https(FE, LDI, chain="short")
    assert say(world)[0]["untrusted-incomplete-chain"].confidence == "high"


# ---------------------------------------------------------------- dates


def test_expired_by_the_packets_time(world):
    world.trust.chains["old"] = (leaf(start=T0 - 300 * DAY, end=T0 - DAY), PUBLIC_CA.der)
    world.phone().lookup(LDI, FE).refused(FE, LDI, chain="old", alert=45)
    found, _ = say(world)
    assert {c for c in found if c.startswith(("untrusted", "cert", "tls"))} == {"cert-expired"}
    finding = found["cert-expired"]
    assert (finding.severity, finding.facts["extra"], finding.facts["expired"]) == ("critical", False, finding.facts["not_after"])
    assert finding.evidence[0].note.startswith("ClientHello")


def test_an_expired_intermediate_on_the_path(world):
    old = PUBLIC.authority("CN=Lakeside Old CA,O=Lakeside", start=T0 - 300 * DAY, end=T0 - 2 * DAY)
    world.trust.chains["old"] = (leaf(issuer=old), old.der)
    world.phone().lookup(LDI, FE).refused(FE, LDI, chain="old")
    facts = say(world)[0]["cert-expired"].facts
    assert facts["certificate_at_fault"] == "CN=Lakeside Old CA, O=Lakeside"
    assert facts["expired"] < facts["not_after"]


def test_an_expired_certificate_beside_the_path_is_worth_knowing(world):
    extra = authority("CN=Lakeside Old Root,O=Lakeside", start=T0 - 900 * DAY, end=T0 - 100 * DAY)
    world.trust.chains["extra"] = (leaf(), PUBLIC_CA.der, extra.der)
    signed_in(world.phone(), "extra", external="extra")
    found, _ = say(world)
    assert (found["cert-expired"].severity, found["cert-expired"].facts["extra"]) == ("info", True)
    assert "sent without need" in found["cert-expired"].title


@pytest.mark.parametrize(("hours", "confidence", "clock"), [(10, "medium", True), (100, "high", False)])
def test_not_yet_valid_thinks_of_clocks(world, hours, confidence, clock):
    world.trust.chains["new"] = (leaf(start=T0 + hours * 3600 * NS), PUBLIC_CA.der)
    world.phone().lookup(LDI, FE).refused(FE, LDI, chain="new")
    finding = say(world)[0]["cert-not-yet-valid"]
    assert (finding.severity, finding.confidence) == ("critical", confidence)
    assert ("clock" in finding.detail) is clock
    assert 0 < finding.facts["hours_early"] <= hours


@pytest.mark.parametrize(
    ("lifetime", "left", "told"), [(365, 13, True), (365, 70, True), (365, 80, False), (90, 30, False), (90, 17, True), (7, 5, False), (7, 1, True)]
)
def test_expiring_by_days_and_by_share(world, lifetime, left, told):
    world.trust.chains["soon"] = (leaf(start=T0 + (left - lifetime) * DAY, end=T0 + left * DAY), PUBLIC_CA.der)
    signed_in(world.phone(), "soon")
    found, _ = say(world)
    assert ("cert-expiring" in found) is told
    if told:
        assert found["cert-expiring"].severity == "info"
        assert found["cert-expiring"].facts["days_left"] == left - 1


def test_expired_is_not_expiring(world):
    world.trust.chains["old"] = (leaf(start=T0 - 300 * DAY, end=T0 - DAY), PUBLIC_CA.der)
    signed_in(world.phone(), "old", external="old")
    assert codes(world) == {"cert-expired"}


# ---------------------------------------------------------------- names


def test_another_name(world):
    world.trust.chains["other"] = (leaf(EXT), PUBLIC_CA.der)
    world.phone().lookup(LDI, FE).refused(FE, LDI, chain="other", alert=42)
    found, _ = say(world)
    assert {c for c in found if c.startswith(("untrusted", "cert", "tls"))} == {"cert-name-mismatch"}
    assert found["cert-name-mismatch"].severity == "critical"
    assert (found["cert-name-mismatch"].facts["asked"], found["cert-name-mismatch"].facts["names"]) == ([LDI], [EXT])


def test_the_looked_up_name_counts_without_a_server_name(world):
    world.trust.chains["other"] = (leaf(EXT), PUBLIC_CA.der)
    phone = world.phone().lookup(LDI, FE)
    phone.connect(FE).hello(None).server_flight("other").finish().appdata().close()
    finding = say(world)[0]["cert-name-mismatch"]
    assert any("DNS answer" in e.note for e in finding.evidence)


def exchange(world, chain, *, later=True):
    phone = world.phone()
    phone.lookup("contoso.com", "198.51.100.7").refused("198.51.100.7", "contoso.com", chain=chain, alert=42)
    phone.lookup("autodiscover.contoso.com", PROXY)
    phone.https(PROXY, "autodiscover.contoso.com") if later else phone.syn(PROXY, times=3)


def test_a_wrong_name_at_exchanges_first_step_is_worth_knowing(world):
    world.trust.chains["www"] = (leaf("www.contoso.com"), PUBLIC_CA.der)
    exchange(world, "www")
    found, _ = say(world)
    assert found["cert-name-mismatch"].severity == "info"
    assert "tls-rejected-by-client" not in found


def test_a_wrong_name_at_exchanges_first_step_is_a_warning_when_all_fails(world):
    world.trust.chains["www"] = (leaf("www.contoso.com"), PUBLIC_CA.der)
    exchange(world, "www", later=False)
    assert say(world)[0]["cert-name-mismatch"].severity == "warning"


def test_other_faults_at_exchanges_first_step_are_silent_when_a_later_one_works(world):
    exchange(world, "private")
    assert codes(world) == set()


# ---------------------------------------------------------------- purpose, lifetime, hash, key


@pytest.mark.parametrize(
    ("code", "options", "names"),
    [
        ("cert-no-san", {"subject": f"CN={LDI}"}, ()),
        ("cert-no-server-auth", {"eku": ("1.3.6.1.5.5.7.3.2",)}, NAMES),
        ("cert-lifetime-too-long", {"start": T0 - 10 * DAY, "end": T0 + 900 * DAY}, NAMES),
    ],
)
def test_faults_that_only_some_devices_mind(world, code, options, names):
    world.trust.chains["odd"] = (PUBLIC_CA.leaf(*names, **{"start": T0 - 10 * DAY, "end": T0 + 180 * DAY, **options}), PUBLIC_CA.der)
    world.phone().lookup(LDI, FE).refused(FE, LDI, chain="odd")
    found, _ = say(world)
    assert {c for c in found if c.startswith(("untrusted", "cert", "tls"))} == {code}
    assert found[code].severity == "warning"
    assert found[code].facts["platforms"]["ios"].startswith("refuses")


def test_the_lifetime_and_its_limit_are_told(world):
    world.trust.chains["long"] = (leaf(start=T0 - 10 * DAY, end=T0 + 900 * DAY - NS), PUBLIC_CA.der)
    signed_in(world.phone(), "long", external="long")
    facts = say(world)[0]["cert-lifetime-too-long"].facts
    assert (facts["days"], facts["limit"]) == (910, 825)


@pytest.mark.parametrize(("refused", "severity"), [(True, "critical"), (False, "warning")])
def test_sha1_below_the_root(world, refused, severity):
    old = authority("CN=Old CA,DC=contoso,DC=com", kind="rsa2048", start=START, end=END)
    world.trust.chains["sha1"] = (leaf(issuer=old, digest="sha1"), old.der)
    root = world.trust.real.store
    from pcapkit.trust.stores import Anchor

    root.anchors.append(Anchor(old.der, "trust"))
    phone = world.phone().lookup(LDI, FE)
    phone.refused(FE, LDI, chain="sha1") if refused else phone.https(FE, LDI, chain="sha1")
    found, _ = say(world)
    assert {c for c in found if c.startswith(("untrusted", "cert", "tls"))} == {"cert-weak-signature"}
    assert found["cert-weak-signature"].severity == severity


def test_a_graver_fault_takes_the_blame_for_a_refusal(world):
    old = authority("CN=Old CA,DC=contoso,DC=com", kind="rsa2048", start=START, end=END)
    world.trust.chains["sha1"] = (leaf(issuer=old, digest="sha1"), old.der)
    world.phone().lookup(LDI, FE).refused(FE, LDI, chain="sha1")
    found, _ = say(world)
    assert (found["untrusted-private-ca"].severity, found["cert-weak-signature"].severity) == ("critical", "warning")


@pytest.mark.parametrize(("bits", "severity"), [(1024, "warning"), (512, "critical")])
def test_short_keys(world, bits, severity):
    world.trust.chains["short"] = (leaf(public=tiny_rsa_public(bits)), PUBLIC_CA.der)
    signed_in(world.phone(), "short", external="short")
    found, _ = say(world)
    assert {c for c in found if c.startswith(("untrusted", "cert", "tls"))} == {"cert-weak-key"}
    assert found["cert-weak-key"].severity == severity


def test_strangers_are_not_our_business(world):
    """The rules speak of sessions, not of any traffic."""
    world.phone().lookup("shop.example.org", "198.51.100.9").refused("198.51.100.9", "shop.example.org")
    assert codes(world) == set()


def test_a_request_read_with_keys_is_acceptance(world):
    phone = world.phone()
    phone.lookup(LDI, FE).connect(FE).tls(LDI, chain="public").exchange(answer=lync(("User", f"https://{EXT}/")), host=LDI, secure=True).close()
    assert codes(world) == set()
