"""Stand-ins: as long as what they stand for, the same for the same, nobody's, and in keeping with what diagnosis looks at."""

import gzip
import zlib
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.extract.masking.bodies import mask_body
from pcapkit.extract.masking.checksums import total, update
from pcapkit.extract.masking.der import mask_certificate
from pcapkit.extract.masking.dhcp import mask_dhcp, mask_dhcp6
from pcapkit.extract.masking.dns import mask_dns
from pcapkit.extract.masking.http import mask_head
from pcapkit.extract.masking.masks import Masks, in_letters, padded
from pcapkit.extract.masking.neighbours import mask_arp, mask_icmp
from pcapkit.extract.masking.text import mask_document, mask_text
from pcapkit.extract.masking.tls import mask_certificates, mask_certificates_13, mask_hello
from pcapkit.extract.masking.wlan import mask_wlan
from pcapkit.report.redact import Redactor
from pcapkit.sessions.site import Inside


def masks_for(*names, learn=()):
    """Masks that have seen these names, and what the calls ``learn`` look at."""
    redactor = Redactor()
    for name in names:
        redactor.learn_name(name)
    masks = Masks(redactor)
    for call, *given_ in learn:
        getattr(masks, call)(*given_)
    masks.ready()
    return masks


def looked(change, *values):
    """What ``change(masks, value)`` makes of values after it has looked at all of them."""
    masks = Masks(Redactor())
    for value in values:
        assert change(masks, value) == value
    masks.ready()
    return [change(masks, value) for value in values]


addresses = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))


@settings(max_examples=60, deadline=None)
@given(st.lists(addresses, min_size=1, max_size=30, unique=True))
def test_addresses(raws):
    made = looked(lambda masks, raw: masks.address(raw), *raws)
    inside = Inside()
    assert len(set(made)) == len(raws)
    for old, new in zip(raws, made, strict=True):
        one, other = ip_address(old), ip_address(new)
        assert len(str(one)) == len(str(other))
        assert inside(str(one)) == inside(str(other))
        if len(old) == 4:
            assert other in ip_network(f"{one}/24", strict=False)
        if one == other and len(old) == 4:
            assert one.is_multicast or one.is_loopback or old[3] in (0, 255) or str(one) == "8.8.8.8"


@pytest.mark.parametrize(
    "kept", ["8.8.8.8", "1.1.1.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "10.0.0.255", "::", "ff02::1", "2606:4700:4700::1111"]
)
def test_addresses_of_everybody_stay(kept):
    assert looked(lambda masks, raw: masks.address(raw), ip_address(kept).packed) == [ip_address(kept).packed]


def test_a_full_network_is_shuffled():
    raws = [bytes((192, 0, 2, host)) for host in range(1, 255)]
    made = looked(lambda masks, raw: masks.address(raw), *raws)
    assert sorted(made) == sorted(raws)


def test_stand_ins_are_nobodys_address():
    raws = [bytes((192, 0, 2, host)) for host in (10, 11, 12, 50)]
    assert not set(looked(lambda masks, raw: masks.address(raw), *raws)) & set(raws)


def test_addresses_within_addresses():
    four = ip_address("192.0.2.33").packed
    teredo = bytes.fromhex("20010000") + four + bytes(4) + bytes(b ^ 0xFF for b in four)
    new, six, nat, tunnel = looked(
        lambda m, raw: m.address(raw), four, b"\x20\x02" + four + bytes(9) + b"\1", bytes.fromhex("0064ff9b") + bytes(8) + four, teredo
    )
    assert new != four
    assert six[2:6] == new
    assert nat[12:] == new
    assert tunnel[4:8] == new
    assert bytes(b ^ 0xFF for b in tunnel[12:]) == new


def test_macs():
    apple, random, group, zero = bytes.fromhex("a483e7123456"), bytes.fromhex("da1122334455"), bytes.fromhex("01005e0000fb"), bytes(6)
    made = looked(lambda masks, raw: masks.mac(raw), apple, random, group, zero)
    assert made[0][:3] == apple[:3] != made[0][3:]
    assert made[1][0] & 3 == 2
    assert made[2:] == [group, zero]


def test_a_solicited_node_follows_its_address():
    node = ip_address("fe80::a683:e7ff:fe12:3456").packed
    asked = ip_address("ff02::1:ff12:3456").packed
    masks = masks_for(learn=[("address", node), ("address", asked)])
    assert masks.address(asked)[13:] == masks.address(node)[13:] != node[13:]
    assert masks.mac(b"\x33\x33\xff" + node[13:])[3:] == masks.address(node)[13:]


NAMES = {
    "webext.contoso.com": "host01.contoso.com",
    "wEbExT.CONTOSO.com": "hOsT01.CONTOSO.com",
    "contoso.com": "contoso.com",
    "lyncdiscover.contoso.com": "lyncdiscover.contoso.com",
    "_autodiscover._tcp.contoso.com": "_autodiscover._tcp.contoso.com",
    "*.contoso.com": "*.contoso.com",
    "login.microsoftonline.com": "login.microsoftonline.com",
    "ocsp.contoso.com": "ocsp.contoso.com",
    "www.example.org": "www.example.org",
    "webext.contoso.com.contoso.com": "unit01.contoso.com.contoso.com",
}


def test_names():
    masks = masks_for("webext.contoso.com")
    for name, made in list(NAMES.items())[:-1]:
        assert masks.name(name) == made
    assert len(masks.name(list(NAMES)[-1])) == len(list(NAMES)[-1])


def test_numbers_are_those_of_reports():
    redactor = Redactor()
    redactor.learn_name("webext.contoso.com")
    assert redactor.text("webext.contoso.com at 10.20.0.31") == "host#1.contoso.com at 10.20.0.#1"
    masks = Masks(redactor)
    masks.address(bytes((10, 20, 0, 31)))
    masks.ready()
    assert masks.name("webext.contoso.com") == "host01.contoso.com"
    assert masks.address(bytes((10, 20, 0, 31))) == bytes((10, 20, 0, 11))
    assert masks.key == {"10.20.0.11": "10.20.0.31", "host01.contoso.com": "webext.contoso.com"}


def test_secrets_are_in_no_key():
    masks = masks_for()
    assert masks.secret("hunter2") == masks.secret("hunter2") != masks.secret("hunter3")
    assert not {"hunter2", "hunter3"} & {*masks.key.values(), *masks.redactor.key.values()}


@given(st.text("abc", max_size=5), st.integers(0, 10**7), st.integers(0, 12))
def test_words_have_their_size(prefix, number, size):
    assert len(padded(prefix, number, size)) in (0, size)
    assert len(in_letters(number, size)) == size


TEXTS = {
    "sip:anna@contoso.com": "sip:use1@contoso.com",
    "?sipuri=sip%3Aanna%40contoso.com&x=1": "?sipuri=sip%3Ause1%40contoso.com&x=1",
    "at 10.20.0.31, a4:83:e7:12:34:56": "at 10.20.0.11, a4:83:e7:00:00:01",
    "https:\\/\\/webext.contoso.com\\/Mcx\\/McxService.svc": "https:\\/\\/host01.contoso.com\\/Mcx\\/McxService.svc",
    "Mozilla/5.0 Chrome/107.0.0.0": "Mozilla/5.0 Chrome/107.0.0.0",
    "AutodiscoverService.svc": "AutodiscoverService.svc",
    "u=https%3a%2f%2fwebext.contoso.com%2Fx": "u=https%3a%2f%2fhost01.contoso.com%2Fx",
    "\\nwebext.contoso.com \\\\webext.contoso.com\\share": "\\nhost01.contoso.com \\\\host01.contoso.com\\share",
}


@pytest.mark.parametrize(("text", "made"), TEXTS.items())
def test_texts(text, made):
    masks = Masks(Redactor())
    mask_document(masks, "https://webext.contoso.com/")
    masks.name("webext.contoso.com")
    masks.redactor.number_of_host("webext.contoso.com", "contoso.com")
    mask_document(masks, text)
    masks.ready()
    assert mask_document(masks, text) == made


SECRETS = [
    '{"access_token":"cwt=AAEB","password" : "hunter2"}',
    "grant_type=password&username=anna&password=hunter2",
    "<wsse:Password Type='x'>hunter2</wsse:Password>",
    "<saml:Assertion Id='1'><a>hunter2</a></saml:Assertion>",
    '{"password":"hunter2',
]


@pytest.mark.parametrize("text", SECRETS)
def test_documents_lose_their_secrets(text):
    (made,) = looked(mask_document, text)
    assert "hunter2" not in made
    assert "anna" not in made
    assert len(made) == len(text)


HEAD = (
    b"GET /root?sipuri=sip:anna@contoso.com&token=abc123def HTTP/1.1\r\nHost: webext.contoso.com\r\nAuthorization: Basic YW5uYTpodW50ZXIy\r\n"
    b"Cookie: MS-WSMAN=affinity12345678; s=hunter2\r\nX-MS-WebTicket: opaque=hunter2hunter2\r\nUser-Agent: iPhone Lync/5.4\r\n"
    b"X-MS-WebTicketURL: https://webext.contoso.com/WebTicket\r\nContent-Type: image/png\r\nProxy-Authorization: NTLM TlRMTVNTUAADAAAAGAAYAHoAAAA=\r\n\r\n"
)


def test_heads():
    (made,) = looked(mask_head, HEAD)
    assert len(made) == len(HEAD)
    for gone in (b"anna", b"hunter2", b"YW5uYTpodW50ZXIy", b"affinity", b"abc123def", b"webext", b"image/png", b"GAAYAHo"):
        assert gone not in made
    for kept in (b"Host: host01.contoso.com", b"Authorization: Basic ", b"MS-WSMAN=", b"iPhone Lync/5.4", b"opaque=", b"NTLM TlRMTVNTUAADAAAA"):
        assert kept in made


PAGE = '{"AccessLocation":"Internal","href":"https://webext.contoso.com/Mcx","more":"' + "all work and no play " * 40 + '"}'


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        ("", PAGE.encode()),
        ("gzip", gzip.compress(PAGE.encode(), 1, mtime=0)),
        ("deflate", zlib.compress(PAGE.encode(), 1)),
        ("br", b"\x0b\x02\x80nothing that is read"),
    ],
)
def test_bodies(coding, sent):
    (made,) = looked(lambda masks, data: mask_body(masks, data, coding), sent)
    assert len(made) == len(sent)
    if coding == "br":
        assert not any(made)
        return
    text = {"": bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}[coding](made).decode()
    assert text.rstrip() == PAGE.replace("webext", "host01")


@given(st.binary(min_size=2, max_size=60), st.binary(min_size=2, max_size=60))
def test_checksums_follow_what_changes(old, new):
    """RFC 1624 against the sum itself."""
    size = min(len(old), len(new)) // 2 * 2
    old, new = old[:size], new[:size]
    before = bytearray(old + (0xFFFF - (total(old) or 0xFFFF)).to_bytes(2, "big"))
    before[:size] = new
    update(before, size, total(new) - total(old))
    assert total(before) == 0


# ---------------------------------------------------------------- nothing that a packet holds breaks them


HOSTILE = {
    "dns": mask_dns,
    "dhcp": mask_dhcp,
    "dhcp6": mask_dhcp6,
    "certificate": mask_certificate,
    "certificates": mask_certificates,
    "certificates-13": mask_certificates_13,
    "hello": mask_hello,
    "head": mask_head,
    "text": lambda masks, data: mask_document(masks, data.decode("latin-1")).encode("latin-1"),
    "gzip": lambda masks, data: mask_body(masks, data, "gzip"),
    "deflate": lambda masks, data: mask_body(masks, data, "deflate"),
}


@pytest.mark.parametrize("kind", HOSTILE)
@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes(kind, data):
    made = looked(HOSTILE[kind], data)
    assert len(made[0]) == len(data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=120), st.sampled_from([1, 58]), st.booleans())
def test_any_headers(data, proto, swapped):
    masks = Masks(Redactor())
    for _ in range(2):
        for change in (
            lambda out: mask_arp(masks, out, 0, len(out)),
            lambda out: mask_icmp(masks, out, 0, len(out), proto),
            lambda out: mask_wlan(masks, out, 0, len(out), swapped),
        ):
            out = bytearray(data)
            change(out)
            assert len(out) == len(data)
            assert not masks.learning or out == data
        masks.ready()


def test_long_texts_take_linear_time():
    masks = masks_for("a.contoso.com")
    for text in ('"password":"' * 20_000, "<Assertion>" * 20_000, "a." * 100_000, "1." * 100_000, "https://" * 30_000, "%40" * 80_000):
        assert len(mask_document(masks, text)) == len(text)
        assert len(mask_text(masks, text)) == len(text)
