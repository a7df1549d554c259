"""The verdict on a chain: its status, for every way in which a chain can be."""

import random

import pytest
from cryptography import x509
from cryptography.x509 import verification
from hypothesis import given, settings
from hypothesis import strategies as st
from make_certs import DAY, NOW, authority, key, moment, pem, self_signed

from pcapkit.limits import VERIFY_CERTS
from pcapkit.trust.verify import Trust

NAME = "lyncdiscoverinternal.contoso.com"


@pytest.fixture(scope="module")
def pki():
    """A root with two intermediates in a row, and a leaf."""

    class Pki:
        root = authority("CN=Contoso Root,DC=contoso,DC=com")
        policy = root.authority("CN=Contoso Policy,DC=contoso,DC=com")
        issuing = policy.authority("CN=Contoso Issuing,DC=contoso,DC=com")
        leaf = issuing.leaf(NAME)
        chain = (leaf, issuing.der, policy.der, root.der)

    return Pki


def trust_with(tmp_path, *ders, **options):
    path = tmp_path / "roots.pem"
    path.write_bytes(pem(*ders))
    return Trust([path], **options)


@pytest.fixture
def trusting(tmp_path, pki):
    return trust_with(tmp_path, pki.root.der)


def codes(verdict):
    return [f.code for f in verdict.faults]


# ---------------------------------------------------------------- status


def test_a_chain_to_a_given_root_is_trusted(trusting, pki):
    verdict = trusting.judge(pki.chain[:3], NAME, NOW)
    assert (verdict.status, verdict.name_ok, verdict.faults) == ("trusted", True, ())
    assert verdict.anchor == "CN=Contoso Root, DC=contoso, DC=com"
    assert verdict.anchor_source == "trust"
    assert [c.common_name for c in verdict.path] == [NAME, "Contoso Issuing", "Contoso Policy", "Contoso Root"]


def test_a_chain_to_a_root_that_nobody_gave_is_private(pki):
    verdict = Trust().judge(pki.chain, NAME, NOW)
    assert (verdict.status, codes(verdict), verdict.low_confidence) == ("private", ["untrusted-private-ca"], None)
    assert "Contoso Root" in verdict.reason


def test_a_private_chain_without_its_root_is_private_and_names_the_missing_issuer(pki):
    verdict = Trust().judge(pki.chain[:2], NAME, NOW)
    assert (verdict.status, verdict.missing_issuer) == ("private", "CN=Contoso Policy, DC=contoso, DC=com")
    assert verdict.low_confidence is None  # a directory domain: no public CA is called so


def test_a_name_that_could_be_public_lowers_the_confidence():
    root = authority("CN=Northern Trust Services Root")
    verdict = Trust().judge((root.authority("CN=Northern CA 3").leaf(NAME),), NAME, NOW)
    assert verdict.status == "private"
    assert "does not tell whether it is public" in verdict.low_confidence


def test_the_company_in_the_issuers_name_tells_a_private_ca():
    root = authority("CN=contoso issuing CA")
    assert Trust().judge((root.leaf(NAME),), NAME, NOW).low_confidence is None


def test_a_leaf_that_signed_itself():
    verdict = Trust().judge((self_signed(NAME),), NAME, NOW)
    assert (verdict.status, codes(verdict)) == ("self-signed", ["untrusted-self-signed"])


def test_a_leaf_that_signed_itself_and_was_given_is_trusted(tmp_path):
    leaf = self_signed(NAME)
    assert trust_with(tmp_path, leaf).judge((leaf,), NAME, NOW).status == "trusted"


@pytest.mark.parametrize("left_out", [1, 2])
def test_an_intermediate_that_another_server_sent_makes_the_chain_incomplete(trusting, pki, left_out):
    sent = tuple(der for n, der in enumerate(pki.chain[:3]) if n != left_out)
    for der in pki.chain:
        trusting.learn(der)
    verdict = trusting.judge(sent, NAME, NOW)
    assert (verdict.status, codes(verdict)) == ("incomplete", ["untrusted-incomplete-chain"])
    assert verdict.missing_issuer == ("CN=Contoso Issuing, DC=contoso, DC=com", "CN=Contoso Policy, DC=contoso, DC=com")[left_out - 1]


def test_given_intermediates_complete_a_chain_in_thought_only(tmp_path, pki):
    extra = tmp_path / "intermediates"
    extra.mkdir()
    (extra / "a.cer").write_bytes(pki.issuing.der)
    (extra / "b.pem").write_bytes(pem(pki.policy.der))
    trust = trust_with(tmp_path, pki.root.der, intermediates=[extra])
    assert trust.judge((pki.leaf,), NAME, NOW).status == "incomplete"
    assert trust.judge(pki.chain[:3], NAME, NOW).status == "trusted"


def test_a_servers_chain_may_be_given_where_tls_1_3_hides_it(tmp_path, pki):
    given = tmp_path / "server.pem"
    given.write_bytes(pem(pki.issuing.der, pki.leaf, pki.policy.der))
    trust = trust_with(tmp_path, pki.root.der, intermediates=[given])
    assert trust.given_chain(NAME) == (pki.leaf, pki.issuing.der, pki.policy.der)
    assert trust.given_chain("other.contoso.com") == ()
    assert trust.judge(trust.given_chain(NAME), NAME, NOW).status == "trusted"


def test_keys_that_exist_to_cost_time_are_not_verified():
    from make_certs import Issuer, make, tiny_rsa_public

    root = authority("CN=Slow Root")
    fake = make("CN=Slow CA", tiny_rsa_public(17_000), root.key, root.name, ca=True)
    leaf = Issuer(fake, key("rsa1024"), x509.Name.from_rfc4514_string("CN=Slow CA")).leaf(NAME, identifiers=False)
    assert Trust().judge((leaf, fake), NAME, NOW).status == "unverifiable"


def test_an_issuer_in_the_directory_domain_of_a_given_root_was_forgotten(trusting, pki):
    assert trusting.judge((pki.leaf,), NAME, NOW).status == "incomplete"


@pytest.mark.parametrize("signs", [{"sct": True}, {"policies": ("2.23.140.1.2.2",)}])
def test_signs_of_a_public_ca_make_a_lonely_leaf_incomplete(signs):
    leaf = authority("CN=Some Issuing CA").leaf(NAME, **signs)
    assert Trust().judge((leaf,), NAME, NOW).status == "incomplete"


def test_the_organisation_of_a_public_root_is_a_sign():
    leaf = authority("CN=DigiCert Whatever CA9,O=DigiCert Inc").leaf(NAME)
    assert Trust().judge((leaf,), NAME, NOW).status == "incomplete"
    assert Trust(public_roots=False).judge((leaf,), NAME, NOW).status == "private"


def test_with_an_intermediate_sent_and_signs_of_public_only_a_root_may_be_missing():
    issuing = authority("CN=Unheard Root").authority("CN=Unheard TLS CA")
    verdict = Trust().judge((issuing.leaf(NAME, sct=True), issuing.der), NAME, NOW)
    assert (verdict.status, verdict.faults) == ("undecided", ())


def test_a_sent_root_in_no_store_is_private_but_less_sure_with_signs_of_public():
    root = authority("CN=Unheard Root")
    verdict = Trust().judge((root.leaf(NAME, sct=True), root.der), NAME, NOW)
    assert verdict.status == "private"
    assert "may be a public one" in verdict.low_confidence


# ---------------------------------------------------------------- order, doubles, cross-signs, loops


def test_order_doubles_and_strangers_in_the_message_do_not_matter(trusting, pki):
    stranger = authority("CN=Stranger").der
    sent = (pki.leaf, stranger, pki.policy.der, pki.policy.der, pki.issuing.der, pki.leaf)
    assert trusting.judge(sent, NAME, NOW).status == "trusted"


def test_a_cross_signed_issuer_leads_to_whichever_root_is_trusted(tmp_path):
    """The way of Let's Encrypt: the server sends a cross-sign of a root that left, while the other root is trusted."""
    from make_certs import Issuer, make, ski_of

    new, old = authority("CN=New Root", number=501), authority("CN=Old Root", number=502)
    cross = make("CN=New Root", key("ec", 501).public_key(), old.key, old.name, ca=True, issuer_ski=ski_of(old.key.public_key()))
    issuing = new.authority("CN=Issuing", number=503)
    sent = (issuing.leaf(NAME), issuing.der, cross)
    assert isinstance(new, Issuer)
    assert trust_with(tmp_path, new.der).judge(sent, NAME, NOW).status == "trusted"
    assert trust_with(tmp_path, old.der).judge(sent, NAME, NOW).status == "trusted"


def test_an_expired_cross_sign_is_avoided_where_another_way_is_valid(tmp_path):
    from make_certs import make, ski_of

    new, old = authority("CN=New Root", number=511), authority("CN=Old Root", number=512)
    expired = make("CN=New Root", key("ec", 511).public_key(), old.key, old.name, ca=True, issuer_ski=ski_of(old.key.public_key()), end=NOW - DAY)
    verdict = trust_with(tmp_path, new.der, old.der).judge((new.leaf(NAME), expired), NAME, NOW)
    assert (verdict.status, verdict.faults) == ("trusted", ())
    assert len(verdict.expired_extra) == 1


def test_issuers_in_a_circle_end():
    from make_certs import Issuer, make

    a, b = key("ec", 521), key("ec", 522)
    names = [x509.Name.from_rfc4514_string(n) for n in ("CN=A", "CN=B")]
    first = make("CN=A", a.public_key(), b, names[1], ca=True, identifiers=False)
    second = make("CN=B", b.public_key(), a, names[0], ca=True, identifiers=False)
    leaf = Issuer(first, a, names[0]).leaf(NAME, identifiers=False)
    assert Trust().judge((leaf, first, second), NAME, NOW).status == "private"


def test_same_name_but_another_key_does_not_sign(trusting, pki):
    other = authority("CN=Contoso Issuing,DC=contoso,DC=com")
    verdict = trusting.judge((pki.leaf, other.der), NAME, NOW)
    assert verdict.status == "incomplete"
    assert "its key did not sign" in verdict.reason


def test_a_server_certificate_signs_no_other(trusting, pki):
    from make_certs import Issuer

    mine = key("ec", 531)
    server = pki.issuing.leaf("server.contoso.com", public=mine.public_key())
    forged = Issuer(server, mine, x509.Name.from_rfc4514_string("CN=server.contoso.com")).leaf(NAME)
    verdict = trusting.judge((forged, server, *pki.chain[1:]), NAME, NOW)
    assert not verdict.anchored
    assert "no CA certificate" in verdict.reason


def test_names_match_whatever_their_case_spaces_and_string_type(tmp_path):
    root = authority("CN=Contoso  Root,O=Contoso")
    loud = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "CONTOSO"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "contoso root", x509.name._ASN1Type.PrintableString),
        ]
    )
    from make_certs import Issuer

    leaf = Issuer(root.der, root.key, loud).leaf(NAME)
    assert trust_with(tmp_path, root.der).judge((leaf,), NAME, NOW).status == "trusted"


def test_a_flood_of_issuers_of_one_name_ends_at_the_limit():
    fakes = [authority("CN=Flood", identifiers=False).der for _ in range(2 * VERIFY_CERTS)]
    leaf = authority("CN=Flood", identifiers=False).leaf(NAME, identifiers=False)
    verdict = Trust().judge((leaf, *fakes), NAME, NOW)
    assert (verdict.status, verdict.reason) == ("unverifiable", "too many signatures to verify")


# ---------------------------------------------------------------- old algorithms, odd keys


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_chains_of_2012_are_verified_and_judged(tmp_path, digest):
    root = authority("CN=Old Root,O=Old", kind="rsa1024", digest=digest)
    leaf = root.leaf(NAME, kind="rsa1024", digest=digest)
    verdict = trust_with(tmp_path, root.der).judge((leaf,), NAME, NOW)
    assert verdict.status == "trusted"
    assert codes(verdict) == ["cert-weak-signature", "cert-weak-key", "cert-weak-key"]


@pytest.mark.parametrize("kind", ["ec", "ed25519", "rsa2048"])
def test_every_usual_algorithm_verifies(tmp_path, kind):
    root = authority("CN=Root", kind=kind)
    assert trust_with(tmp_path, root.der).judge((root.leaf(NAME, kind=kind),), NAME, NOW).status == "trusted"


# ---------------------------------------------------------------- time


def test_judged_at_the_packets_time_not_today(trusting, pki):
    assert codes(trusting.judge(pki.chain[:3], NAME, NOW + 201 * DAY)) == ["cert-expired"] * 3
    assert codes(trusting.judge(pki.chain[:3], NAME, NOW - 101 * DAY)) == ["cert-not-yet-valid"] * 3
    assert codes(trusting.judge(pki.chain[:3], NAME, NOW)) == []


def test_a_clock_that_was_never_set_proves_nothing_of_dates(trusting, pki):
    never = trusting.judge(pki.chain, NAME, 60 * 10**9)
    early = trusting.judge(pki.chain, NAME, 10**18)  # 2001: set, and wrong
    assert (never.undated, codes(never)) == (True, [])
    assert (early.undated, codes(early)[0]) == (False, "cert-not-yet-valid")


def test_the_last_second_is_valid(trusting, pki):
    end = trusting.judge(pki.chain[:3], NAME, NOW).leaf.not_after_ns
    assert codes(trusting.judge(pki.chain[:3], NAME, end)) == []
    assert codes(trusting.judge(pki.chain[:3], NAME, end + 999_999_999)) == []
    assert "cert-expired" in codes(trusting.judge(pki.chain[:3], NAME, end + 1_000_000_000))


def test_the_time_given_replaces_that_of_the_packet(tmp_path, pki):
    trust = trust_with(tmp_path, pki.root.der, at_ns=NOW + 300 * DAY)
    assert "cert-expired" in codes(trust.judge(pki.chain[:3], NAME, NOW))


def test_kept_verdicts_do_not_outlive_their_time(trusting, pki):
    before, again = trusting.judge(pki.chain[:3], NAME, NOW), trusting.judge(pki.chain[:3], NAME, NOW + DAY)
    assert before is again
    assert trusting.judge(pki.chain[:3], NAME, NOW + 201 * DAY) is not before


def test_what_is_learnt_later_changes_the_verdict(trusting, pki):
    issuing = authority("CN=Elsewhere Root").authority("CN=Elsewhere CA")
    leaf = issuing.leaf(NAME)
    assert trusting.judge((leaf,), NAME, NOW).path[-1].common_name == NAME
    trusting.learn(issuing.der)
    assert trusting.judge((leaf,), NAME, NOW).path[-1].common_name == "Elsewhere CA"


# ---------------------------------------------------------------- nothing, garbage


@pytest.mark.parametrize("chain", [(), (b"",), (b"\x30\x03\x02\x01\x01",), (b"private", b"x")])
def test_a_leaf_that_does_not_parse(chain):
    verdict = Trust().judge(chain, NAME, NOW)
    assert (verdict.status, verdict.faults, verdict.name_ok) == ("unparseable", (), None)


def test_garbage_behind_the_leaf_costs_nothing(trusting, pki):
    assert trusting.judge((pki.leaf, b"garbage", *pki.chain[1:3]), NAME, NOW).status == "trusted"


# ---------------------------------------------------------------- second opinion


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({}, True),
        ({"end": NOW - DAY}, False),
        ({"start": NOW + DAY}, False),
        ({"eku": ("1.3.6.1.5.5.7.3.2",)}, False),
        ({"subject": "CN=other.contoso.com"}, True),
    ],
)
def test_a_strict_verifier_agrees_on_what_is_sound(tmp_path, change, accepted):
    """cryptography's verifier says whether, never why: it must accept exactly what has no fault here."""
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    root = authority("CN=Strict Root", extra=(usage,))
    leaf = root.leaf(NAME, **change)
    store = verification.Store([x509.load_der_x509_certificate(root.der)])
    verifier = verification.PolicyBuilder().store(store).time(moment(NOW).replace(tzinfo=None)).build_server_verifier(x509.DNSName(NAME))
    try:
        verifier.verify(x509.load_der_x509_certificate(leaf), [])
        theirs = True
    except verification.VerificationError:
        theirs = False
    ours = trust_with(tmp_path, root.der).judge((leaf,), NAME, NOW)
    assert (ours.anchored and not ours.faults) == theirs == accepted


# ---------------------------------------------------------------- anything


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(0, 2**32), st.sampled_from([None, NAME, "*", "192.0.2.1", "", "a" * 300]))
@settings(max_examples=60, deadline=None)
def test_no_message_raises_and_every_path_starts_at_the_leaf(pki, order, seed, name):
    rng = random.Random(seed)
    pile = [*pki.chain, b"", b"\x30\x00", self_signed(NAME), *(damaged(rng, der) for der in pki.chain[:3])]
    chain = tuple(pile[n] for n in order)
    verdict = Trust(public_roots=False).judge(chain, name, NOW)
    assert len(verdict.sent) == len(set(chain))
    assert [c.sha256 for c in verdict.path[:1]] in ([], [c.sha256 for c in verdict.sent[:1]])


def damaged(rng, der):
    data = bytearray(der)
    for _ in range(3):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def test_the_order_of_what_follows_the_leaf_does_not_matter(trusting, pki):
    rest = list(pki.chain[1:])
    verdicts = []
    for _ in range(6):
        random.Random(len(verdicts)).shuffle(rest)
        verdicts.append(trusting.judge((pki.leaf, *rest), NAME, NOW))
    assert {(v.status, v.path, v.faults) for v in verdicts} == {(verdicts[0].status, verdicts[0].path, verdicts[0].faults)}
