from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import DissectError, Truncated
from pcapkit_dissectors.messages import Certificate, ClientHello, HandshakeMessage, ServerHello
from pcapkit_dissectors.tls_handshake import (
    HELLO_RETRY_RANDOM,
    parse_certificate,
    parse_client_hello,
    parse_encrypted_extensions,
    parse_server_hello,
    parse_sslv2_hello,
    read_message,
)
from properties import mutated, outcome, prefixes_that_are_not_truncated
from tls_bytes import (
    ISSUER,
    LEAF,
    RANDOM,
    TLS13_CLIENT,
    TLS13_SERVER,
    alpn,
    certificate_body,
    client_hello_body,
    extension,
    server_hello_body,
    server_name,
    shorts,
    vector,
)

SSLV2 = bytes.fromhex("01 0301 0006 0000 0010 00002f 010080") + bytes(range(16))


def test_a_client_hello_tells_what_the_client_offers() -> None:
    hello = parse_client_hello(client_hello_body())
    assert hello.sni == "lyncdiscover.contoso.com"
    assert hello.alpn == ("h2", "http/1.1")
    assert hello.ciphers == (0xC02B, 0xC02F, 0x009C)
    assert hello.extensions == (0, 10, 11, 16)
    assert (hello.legacy_version, hello.versions, hello.raw_random) == (0x0303, (), RANDOM)
    assert hello.ja3 == hashlib.md5(b"771,49195-49199-156,0-10-11-16,29-23,0").hexdigest()
    assert hello.ja4.startswith("t12d0304h2_")
    assert not hello.offers_resumption


def test_grease_stays_in_the_lists() -> None:
    hello = parse_client_hello(client_hello_body(ciphers=(0x0A0A, 0x1301), extensions=extension(43, b"\4\x1a\x1a\x03\x04")))
    assert hello.ciphers == (0x0A0A, 0x1301)
    assert hello.versions == (0x1A1A, 0x0304)
    assert hello.ja4.startswith("t13i0101")


def test_a_hello_of_2012_has_no_extensions() -> None:
    hello = parse_client_hello(client_hello_body(extensions=b"", version=0x0301))
    assert (hello.sni, hello.extensions, hello.legacy_version) == (None, (), 0x0301)


@pytest.mark.parametrize(
    ("fields", "offers"),
    [
        ({"session_id": b"x" * 32}, True),
        ({"session_id": b"x" * 32, "extensions": TLS13_CLIENT}, False),  # RFC 8446, D.4: compatibility mode sends one anyway
        ({"extensions": extension(35, b"")}, False),
        ({"extensions": extension(35, b"ticket")}, True),
        ({"extensions": TLS13_CLIENT + extension(41, b"\0\0")}, True),
    ],
)
def test_resumption_is_offered_by_session_id_ticket_or_psk(fields: dict[str, bytes], offers: bool) -> None:
    assert parse_client_hello(client_hello_body(**fields)).offers_resumption is offers  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "shown"), [(b"example.com", "example.com"), ("bücher.example".encode(), "bücher.example"), (b"\xff\x1b.example", "\\xff\x1b.example")]
)
def test_names_keep_their_true_text(name: bytes, shown: str) -> None:
    assert parse_client_hello(client_hello_body(extensions=server_name(name))).sni == shown


def test_the_first_host_name_counts_and_an_empty_list_is_none() -> None:
    two = extension(0, vector(2, b"\1" + vector(2, b"other") + b"\0" + vector(2, b"a.example") + b"\0" + vector(2, b"b.example")))
    assert parse_client_hello(client_hello_body(extensions=two)).sni == "a.example"
    assert parse_client_hello(client_hello_body(extensions=extension(0, b""))).sni is None


def test_a_server_hello_of_tls13_tells_the_version_in_its_extension() -> None:
    hello = parse_server_hello(server_hello_body(0x1301, TLS13_SERVER + extension(41, b"\0\0")))
    assert (hello.legacy_version, hello.version, hello.cipher, hello.psk) == (0x0303, 0x0304, 0x1301, True)
    assert hello.ja3s == hashlib.md5(b"771,4865,43-41").hexdigest()


def test_a_server_hello_of_tls12() -> None:
    hello = parse_server_hello(server_hello_body(0xC02F, alpn(b"http/1.1") + extension(65281, b"\0"), session_id=b"s" * 32))
    assert (hello.version, hello.alpn, hello.session_id, hello.hello_retry, hello.psk) == (0x0303, ("http/1.1",), b"s" * 32, False, False)


def test_a_hello_retry_request_is_known_by_its_random() -> None:
    assert parse_server_hello(server_hello_body(0x1301, TLS13_SERVER, random=HELLO_RETRY_RANDOM)).hello_retry
    assert HELLO_RETRY_RANDOM.hex().startswith("cf21ad74e59a6111be1d8c021e65b891")


def test_early_drafts_of_tls13_have_neither_session_id_nor_compression() -> None:
    body = b"\x7f\x12" + RANDOM + b"\x13\x01" + vector(2, extension(51, b"\0\x1d"))
    assert parse_server_hello(body).cipher == 0x1301


def test_a_chain_is_told_by_its_hashes_in_the_order_sent() -> None:
    chain = parse_certificate(certificate_body(LEAF, ISSUER))
    assert chain.certs == (hashlib.sha256(LEAF).hexdigest(), hashlib.sha256(ISSUER).hexdigest())
    assert chain.sizes == (len(LEAF), len(ISSUER))
    assert chain.raw_der == (LEAF, ISSUER)
    assert parse_certificate(certificate_body()).certs == ()


def test_a_chain_of_tls13_has_a_context_and_extensions() -> None:
    body = vector(1, b"ctx") + vector(3, vector(3, LEAF) + vector(2, b"") + vector(3, ISSUER) + vector(2, extension(5, b"ocsp")))
    assert parse_certificate(body, tls13=True).raw_der == (LEAF, ISSUER)


def test_limits_of_a_chain() -> None:
    many, wrong = read_message(11, certificate_body(*[b"0" * 40] * 40), whole=True)
    assert isinstance(many, Certificate)
    assert len(many.certs) == 32
    assert wrong is not None
    assert "more than 32" in wrong.reason
    with pytest.raises(DissectError, match="certificate of 65537 bytes"):
        parse_certificate(certificate_body(b"0" * 65537))
    with pytest.raises(DissectError, match="certificate of 0 bytes"):
        parse_certificate(certificate_body(b""))


def test_encrypted_extensions_tell_protocol_and_early_data() -> None:
    assert parse_encrypted_extensions(vector(2, alpn(b"h2") + extension(42, b""))) == (("h2",), True)
    assert parse_encrypted_extensions(vector(2, b"")) == ((), False)


def test_a_hello_in_the_form_of_ssl_2() -> None:
    hello = parse_sslv2_hello(SSLV2)
    assert (hello.legacy_version, hello.ciphers, hello.versions) == (0x0301, (0x2F, 0x010080), ())
    assert hello.raw_random == bytes(16) + bytes(range(16))
    assert prefixes_that_are_not_truncated(parse_sslv2_hello, SSLV2) == []


@pytest.mark.parametrize(
    ("parse", "body", "legal"),
    [
        (parse_client_hello, client_hello_body(), {2 + 32 + 1 + 8 + 2}),  # a hello without extensions is one, too
        (parse_server_hello, server_hello_body(0x1301, TLS13_SERVER + alpn(b"h2")), {2 + 32 + 1 + 2 + 1}),
        (parse_certificate, certificate_body(LEAF[:50], ISSUER[:60]), set()),
        (parse_encrypted_extensions, vector(2, alpn(b"h2")), set()),
    ],
)
def test_every_prefix_is_truncated(parse: object, body: bytes, legal: set[int]) -> None:
    assert set(prefixes_that_are_not_truncated(parse, body)) == legal  # type: ignore[arg-type]


def test_bytes_behind_the_end_are_the_senders_fault() -> None:
    for parse, body in ((parse_client_hello, client_hello_body()), (parse_certificate, certificate_body(LEAF))):
        with pytest.raises(DissectError) as error:
            parse(body + b"\0")
        assert not isinstance(error.value, Truncated)


def test_a_cut_hello_gives_what_stands_before_the_cut_without_fingerprints() -> None:
    body = client_hello_body()
    message, wrong = read_message(1, body[:-20], whole=False)
    assert isinstance(message, ClientHello)
    assert (message.sni, message.ja3, message.ja4, wrong) == ("lyncdiscover.contoso.com", "", "", None)
    message, wrong = read_message(1, body[:20], whole=False)
    assert message == HandshakeMessage(1, 20)
    assert wrong is None


def test_a_cut_chain_gives_its_whole_certificates() -> None:
    message, wrong = read_message(11, certificate_body(LEAF, ISSUER)[:-1], whole=False)
    assert isinstance(message, Certificate)
    assert message.raw_der == (LEAF,)
    assert wrong is None
    assert read_message(11, certificate_body(LEAF)[:-1], whole=False) == (HandshakeMessage(11, len(LEAF) + 5), None)


def test_a_lying_length_in_a_whole_message_is_malformed_not_cut() -> None:
    message, wrong = read_message(1, client_hello_body(extensions=server_name(b"example.com") + b"\0\x0a\0\x40\0"), whole=True)
    assert isinstance(message, ClientHello)
    assert message.sni == "example.com"
    assert wrong is not None
    assert not wrong.cut


def test_a_damaged_extension_spoils_itself_only() -> None:
    body = client_hello_body(extensions=extension(10, shorts(2, (29,))[:-1]) + server_name(b"example.com"))
    message, wrong = read_message(1, body, whole=True)
    assert isinstance(message, ClientHello)
    assert message.sni == "example.com"
    assert wrong is not None
    assert "extension 10" in wrong.reason


SAMPLES = [client_hello_body(), client_hello_body(extensions=TLS13_CLIENT + server_name(b"a.example"))]


@settings(max_examples=150, deadline=None)
@given(mutated(SAMPLES))
def test_mutated_client_hellos_raise_nothing_else(body: bytes) -> None:
    outcome(parse_client_hello, body)
    message, _ = read_message(1, body, whole=True)
    assert isinstance(message, (ClientHello, HandshakeMessage))


@settings(max_examples=100, deadline=None)
@given(mutated([server_hello_body(0x1301, TLS13_SERVER + alpn(b"h2"))]), mutated([certificate_body(LEAF[:30], ISSUER[:30])]), mutated([SSLV2]))
def test_other_mutated_messages_raise_nothing_else(server: bytes, chain: bytes, sslv2: bytes) -> None:
    outcome(parse_sslv2_hello, sslv2)
    outcome(parse_encrypted_extensions, server)
    assert isinstance(read_message(2, server, whole=True)[0], (ServerHello, HandshakeMessage))
    assert isinstance(read_message(11, chain, whole=True, tls13=True)[0], (Certificate, HandshakeMessage))
    assert isinstance(read_message(11, chain, whole=False)[0], (Certificate, HandshakeMessage))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 255), st.binary(max_size=2048), st.booleans())
def test_any_bytes_give_a_message(kind: int, body: bytes, whole: bool) -> None:
    message, _ = read_message(kind, body, whole)
    assert message.TYPE.startswith("tls.")
