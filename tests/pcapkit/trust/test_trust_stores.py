"""Trust stores: what is loaded, how old it is, and what left."""

import subprocess
import sys

import pytest
from make_certs import DAY, authority, pem

from pcapkit.trust.stores import StoreError, load_store, public_roots, read_certificates, retired_roots, store_date
from pcapkit.trust.verify import Trust

ROOT = authority("CN=Contoso Root")
OTHER = authority("CN=Other Root")


def test_the_public_store_tells_its_date():
    store = load_store()
    assert any(store_date() in line for line in store.described)
    assert len(public_roots()) > 100


def test_roots_that_left_have_the_day_until_which_they_counted():
    roots = retired_roots()
    assert len(roots) > 150
    assert all(a.until_ns and a.source == "retired" for a in roots)
    assert not {a.der for a in roots} & set(public_roots())


def test_no_public_roots():
    assert load_store(public=False).anchors == []


@pytest.mark.parametrize("write", [lambda p: p.write_bytes(ROOT.der), lambda p: p.write_bytes(b"comment\n" + pem(ROOT.der).replace(b"\n", b"\r\n"))])
def test_files_in_der_and_pem(tmp_path, write):
    path = tmp_path / "root.cer"
    write(path)
    assert read_certificates(path) == (ROOT.der,)


def test_a_folder_gives_each_certificate_once_and_skips_the_rest(tmp_path):
    (tmp_path / "a.pem").write_bytes(pem(ROOT.der, OTHER.der))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.der").write_bytes(ROOT.der)
    (tmp_path / "notes.txt").write_text("no certificate")
    (tmp_path / "empty.crt").write_text("nothing")
    assert read_certificates(tmp_path) == (ROOT.der, OTHER.der)


def test_openssls_trusted_certificates(tmp_path):
    import base64

    body = base64.encodebytes(ROOT.der + b"\x30\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01")
    path = tmp_path / "root.pem"
    path.write_bytes(b"-----BEGIN TRUSTED CERTIFICATE-----\n" + body + b"-----END TRUSTED CERTIFICATE-----\n")
    assert read_certificates(path) == (ROOT.der,)


def test_what_holds_no_certificate_is_one_line(tmp_path):
    path = tmp_path / "key.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    for bad in (path, tmp_path / "missing.pem", tmp_path):
        with pytest.raises(StoreError) as caught:
            Trust([bad])
        assert str(caught.value).startswith(str(bad))
        assert "\n" not in str(caught.value)


def test_broken_base64_is_skipped(tmp_path):
    path = tmp_path / "root.pem"
    path.write_bytes(b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n" + pem(ROOT.der))
    assert read_certificates(path) == (ROOT.der,)


def retired(name: str):
    from pcapkit.trust.certificate import info_of

    return next(a for a in retired_roots() if name in info_of(a.der).subject)


def test_a_retired_root_counts_until_it_left_and_for_what_was_issued_before():
    """DST Root CA X3 as server certificate of itself is enough to see the anchor's own rule."""
    anchor = retired("DST Root CA X3")
    trust = Trust()
    assert trust.judge((anchor.der,), None, anchor.until_ns - DAY).status == "public"
    assert trust.judge((anchor.der,), None, anchor.until_ns + 100 * DAY).status == "public"
    after = trust.judge((anchor.der,), None, anchor.until_ns + 400 * DAY)
    assert after.status == "undecided"


def test_a_root_that_left_may_be_given(tmp_path):
    anchor = retired("Baltimore CyberTrust")
    path = tmp_path / "b.pem"
    path.write_bytes(pem(anchor.der))
    assert Trust([path]).judge((anchor.der,), None, anchor.until_ns + 500 * DAY).status == "trusted"


def test_no_costly_library_before_a_chain_is_judged():
    code = "import sys; from pcapkit.trust.verify import Trust; Trust(); from pcapkit.sessions import scene; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
