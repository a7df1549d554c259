"""One certificate: what is read of it, and that nothing hostile gets through."""

import random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st
from make_certs import DAY, NOW, authority, key, make, self_signed, tiny_rsa_public

from pcapkit.trust.certificate import info_of, read
from pcapkit.trust.signature import Signed, signed_by

ROOT = authority("CN=Contoso Root,O=Contoso,DC=contoso,DC=com")
LEAF = ROOT.leaf("Webext.contoso.com", "*.contoso.com", "192.0.2.1", policies=("2.23.140.1.2.2",), sct=True)


def test_everything_that_is_said_of_a_certificate():
    info = info_of(LEAF)
    assert info.subject == "CN=Webext.contoso.com"
    assert info.issuer == "CN=Contoso Root, O=Contoso, DC=contoso, DC=com"
    assert info.common_name == "Webext.contoso.com"
    assert info.san_dns == ("webext.contoso.com", "*.contoso.com")
    assert info.san_other == ("ip:192.0.2.1",)
    assert (info.not_before_ns, info.not_after_ns) == (NOW - 100 * DAY, NOW + 200 * DAY)
    assert (info.key_type, info.key_bits, info.signature_hash) == ("EC", 256, "sha256")
    assert info.eku == ("1.3.6.1.5.5.7.3.1",)
    assert (info.is_ca, info.has_sct, info.policies) == (False, True, ("2.23.140.1.2.2",))
    assert info.aki == info_of(ROOT.der).ski
    assert (info.self_issued, info.self_signed, info.faults) == (False, False, ())


def test_a_root_signed_itself():
    info = info_of(ROOT.der)
    assert (info.self_issued, info.self_signed, info.is_ca) == (True, True, True)


def test_equal_names_alone_do_not_make_it_self_signed():
    name = x509.Name.from_rfc4514_string("CN=Twin")
    twin = make("CN=Twin", key("ec", 1).public_key(), key("ec", 2), name)
    assert (info_of(twin).self_issued, info_of(twin).self_signed) == (True, False)


def test_a_key_too_short_for_the_library_to_make_is_still_read():
    assert info_of(ROOT.leaf("a.example.com", public=tiny_rsa_public())).key_bits == 512


def test_ed25519_has_no_hash():
    assert info_of(self_signed("a.example.com", kind="ed25519")).signature_hash is None


def test_a_doubled_extension_spoils_the_extensions_only():
    """The library gives up on all of them; the rest of the certificate is still told."""
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.6"), b"\x05\x00")
    leaf = ROOT.leaf("a.example.com", extra=(extension, other)).replace(bytes.fromhex("2a030406"), bytes.fromhex("2a030405"))
    info = info_of(leaf)
    assert info.common_name == "a.example.com"
    assert not info.extensions_read
    assert any("DuplicateExtension" in fault for fault in info.faults)


@pytest.mark.parametrize(
    "der", [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x00\x00", b"\x00" * 100, b"\x30\x03\x02\x01\x01", b"\x30" * 70_000]
)
def test_what_does_not_parse_is_a_fact(der):
    cert = read(der)
    assert not cert.readable
    assert (cert.info.size, cert.info.subject) == (len(der), "")
    assert cert.info.faults


@given(st.binary(max_size=512))
@settings(max_examples=100, deadline=None)
def test_no_bytes_raise(der):
    info_of(der)


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_no_damaged_certificate_raises(seed):
    rng = random.Random(seed)
    der = bytearray(rng.choice([LEAF, ROOT.der]))
    for _ in range(rng.randint(1, 6)):
        der[rng.randrange(len(der))] = rng.randrange(256)
    info = info_of(bytes(der))
    assert info.size == len(der)


def test_every_prefix_is_unreadable():
    assert not any(read(LEAF[:n]).readable for n in range(0, len(LEAF), 7))


def test_signatures():
    root, other = read(ROOT.der).x509, read(authority("CN=Other").der).x509
    leaf = read(LEAF)
    assert signed_by(leaf.x509, leaf.body, root) is Signed.YES
    assert signed_by(leaf.x509, leaf.body, other) is Signed.NO
    assert signed_by(leaf.x509, leaf.body[:-1] + b"x", root) is Signed.NO
    weak = read(ROOT.leaf("a.example.com", public=tiny_rsa_public(264))).x509
    assert signed_by(leaf.x509, leaf.body, weak) is Signed.UNKNOWN


def test_a_star_in_a_printable_string_is_read_as_every_client_reads_it(tmp_path):
    """Wildcard certificates of public CAs were written so for years; the library refuses them as a whole."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "?.example.com", x509.name._ASN1Type.PrintableString)])
    root = authority("CN=Old Root", kind="rsa1024")
    mine = make(subject, key("ec").public_key(), root.key, root.name, san=("*.example.com",))
    body = read(mine).body
    starred = body.replace(b"\x13\x0d?.example.com", b"\x13\x0d*.example.com")
    assert starred != body
    signature = read(mine).x509.signature
    old = mine.replace(body, starred).replace(signature, root.key.sign(starred, padding.PKCS1v15(), hashes.SHA256()))
    cert = read(old)
    assert cert.info.common_name == "*.example.com"
    assert signed_by(cert.x509, cert.body, read(root.der).x509) is Signed.YES
    assert "PrintableString" in cert.info.faults[0]
