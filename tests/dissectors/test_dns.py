from __future__ import annotations

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import DissectError, Truncated
from pcapkit_dissectors._limits import DNS_RECORDS
from pcapkit_dissectors.dns import DISSECTORS, looks_like_dns, parse_dns, partial_dns, type_name
from pcapkit_dissectors.messages import Dns, Record
from properties import mutated, outcome, prefixes_that_are_not_truncated

ANSWER = bytes.fromhex(
    "beef8580 0001 0002 0000 0000"
    "0c4c796e63446973636f766572 07636f6e746f736f 03636f6d 00 0001 0001"  # LyncDiscover.contoso.com
    "c00c 0005 0001 0000012c 0009 06776562657874 c019"  # CNAME webext.contoso.com
    "c036 0001 0001 0000003c 0004 cb007132"  # its A, by a pointer to a name that ends in a pointer
)


def query(name: str = "autodiscover.example.com", kind: str = "A") -> bytes:
    return dns.message.make_query(name, kind).to_wire()


def answer(*rrsets: tuple[object, ...], name: str = "example.com", kind: str = "A", flags: int = 0) -> bytes:
    message = dns.message.make_response(dns.message.make_query(name, kind))
    message.answer += [dns.rrset.from_text(*parts) for parts in rrsets]
    message.flags |= flags
    return message.to_wire()


MANY = answer(
    ("example.com.", 300, "IN", "A", "192.0.2.2"),
    ("example.com.", 300, "IN", "AAAA", "2001:db8::1"),
    ("example.com.", 300, "IN", "NS", "ns2.example.net."),
    ("example.com.", 300, "IN", "MX", "10 mail.example.com."),
    ("example.com.", 300, "IN", "TXT", '"v=spf1 -all" "second"'),
    ("example.com.", 300, "IN", "SOA", "ns1.example.com. hostmaster.example.com. 2024010101 7200 3600 1209600 300"),
    ("example.com.", 300, "IN", "TYPE999", "\\# 3 000102"),
    ("example.com.", 300, "IN", "HTTPS", "1 . alpn=h2"),
    ("_autodiscover._tcp.example.com.", 300, "IN", "SRV", "0 5 443 mail.example.com."),
    ("2.0.192.in-addr.arpa.", 300, "IN", "PTR", "example.com."),
)
SAMPLES = [ANSWER, query(), MANY]


def test_an_answer_keeps_the_case_of_its_names() -> None:
    assert parse_dns(ANSWER) == Dns(
        proto="dns",
        id=0xBEEF,
        opcode=0,
        response=True,
        rcode=0,
        truncated=False,
        qname="LyncDiscover.contoso.com",
        qtype="A",
        questions=(("LyncDiscover.contoso.com", "A"),),
        answers=(Record("LyncDiscover.contoso.com", "CNAME", 300, "webext.contoso.com"), Record("webext.contoso.com", "A", 60, "203.0.113.50")),
        authoritative=True,
    )


def test_a_query_has_no_rcode() -> None:
    message = parse_dns(query())
    assert (message.response, message.rcode, message.qname, message.qtype) == (False, None, "autodiscover.example.com", "A")


def test_data_of_each_type() -> None:
    data = {record.type: record.data for record in parse_dns(MANY).answers}
    assert data == {
        "A": "192.0.2.2",
        "AAAA": "2001:db8::1",
        "NS": "ns2.example.net",
        "MX": "mail.example.com",
        "TXT": ("v=spf1 -all", "second"),
        "SOA": "ns1.example.com hostmaster.example.com 2024010101 7200 3600 1209600 300",
        "TYPE999": "000102",
        "HTTPS": "00010000010003026832",
        "SRV": "0 5 443 mail.example.com",
        "PTR": "example.com",
    }


@pytest.mark.parametrize(
    ("label", "text"),
    [(b"a.b", "a\\.b"), (b"a\\b", "a\\\\b"), ("Annas-iPhone’".encode(), "Annas-iPhone’"), (b"\xff\x00", "\\xff\x00"), (b"", "")],
)
def test_labels_that_are_no_host_names_are_told_apart(label: bytes, text: str) -> None:
    name = bytes([len(label)]) + label + b"\0" if label else b"\0"
    assert parse_dns(bytes.fromhex("0001 0000 0001 0000 0000 0000") + name + b"\0\1\0\1").qname == text


@pytest.mark.parametrize("name", [b"\xc0\x0c", b"\xc0\x0e", b"\x01a\xc0\x0c", b"\xc0\xff", b"\x40", b"\x80"])
def test_pointers_that_do_not_point_back_and_unknown_labels_are_refused(name: bytes) -> None:
    with pytest.raises(DissectError) as caught:
        parse_dns(bytes.fromhex("0001 0000 0001 0000 0000 0000") + name + b"\0\1\0\1")
    assert not isinstance(caught.value, Truncated)


def test_names_are_bounded_through_pointers() -> None:
    long = b"".join(b"\x3f" + b"a" * 63 for _ in range(3))
    header = bytes.fromhex("0001 0000 0002 0000 0000 0000")
    whole = header + long + b"\0" + b"\0\1\0\1" + b"\x3c" + b"b" * 60 + b"\xc0\x0c" + b"\0\1\0\1"
    assert len(parse_dns(whole).questions[1][0]) == 60 + 1 + 191
    too_long = header + long + b"\0" + b"\0\1\0\1" + b"\x3e" + b"b" * 62 + b"\xc0\x0c" + b"\0\1\0\1"
    with pytest.raises(DissectError, match="255"):
        parse_dns(too_long)


def test_every_prefix_is_truncated() -> None:
    for sample in SAMPLES:
        assert prefixes_that_are_not_truncated(parse_dns, sample) == []


def test_a_message_that_says_it_was_truncated_may_stop_anywhere() -> None:
    cut = answer(("example.com.", 300, "IN", "A", "192.0.2.1"), ("www.example.com.", 300, "IN", "A", "192.0.2.2"), flags=dns.flags.TC)[:-3]
    message = parse_dns(cut)
    assert message.truncated
    assert [record.data for record in message.answers] == ["192.0.2.1"]


def test_records_are_bounded_and_the_rest_is_told() -> None:
    header = b"\0\1\x80\0\0\0" + (DNS_RECORDS + 1).to_bytes(2, "big") + b"\0\0\0\0"
    flood = header + b"\0\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1" * (DNS_RECORDS + 1)
    with pytest.raises(DissectError, match="512"):
        parse_dns(flood)
    partial = partial_dns(flood)
    assert partial is not None
    assert len(partial.answers) == DNS_RECORDS


def test_what_can_be_read_of_damaged_messages() -> None:
    wrong_address = ANSWER[:-6] + b"\0\3" + b"\1\2\3"
    with pytest.raises(DissectError, match="A data"):
        parse_dns(wrong_address)
    partial = partial_dns(wrong_address)
    assert partial is not None
    assert [record.data for record in partial.answers] == ["webext.contoso.com", "010203"]
    cut = partial_dns(ANSWER[:-2])
    assert cut is not None
    assert [record.data for record in cut.answers] == ["webext.contoso.com"]
    assert partial_dns(ANSWER[:20]) is None
    assert partial_dns(b"") is None


def test_ttl_with_top_bit_and_updates_without_data() -> None:
    record = b"\0\0\1\0\1\x80\0\0\1\0\0"
    message = parse_dns(b"\0\1\x28\0\0\0\0\1\0\0\0\0" + record)
    assert (message.opcode, message.answers[0].ttl, message.answers[0].data) == (5, 0, "")


def test_three_datagram_dissectors() -> None:
    assert {d.name: d.ports for d in DISSECTORS} == {"dns": {53}, "mdns": {5353}, "llmnr": {5355}}
    llmnr = next(d for d in DISSECTORS if d.name == "llmnr")
    message = llmnr.parse(ANSWER)
    assert isinstance(message, Dns)
    assert (message.proto, message.authoritative) == ("llmnr", False)


def test_recogniser_wants_a_question() -> None:
    assert all(looks_like_dns(sample) for sample in SAMPLES)
    for other in (b"", b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", bytes.fromhex("16030102000100") + b"\0" * 60, b"\0" * 64, b"\xff" * 64):
        assert not looks_like_dns(other)


def test_unknown_types_have_a_number() -> None:
    assert (type_name(28), type_name(65), type_name(123)) == ("AAAA", "HTTPS", "TYPE123")


# ---------------------------------------------------------------- whatever the bytes


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=400), mutated(SAMPLES)))
def test_nothing_but_dissect_errors(data: bytes) -> None:
    outcome(parse_dns, data)
    partial_dns(data)
    looks_like_dns(data)


COMPARED = ("A", "AAAA", "CNAME", "NS", "PTR", "SRV", "MX")


def _theirs(data: bytes) -> list[tuple[str, str, str]] | None:
    """The answers as dnspython reads them, or None where it refuses."""
    try:
        message = dns.message.from_wire(data, ignore_trailing=True, one_rr_per_rrset=True)
    except (dns.exception.DNSException, ValueError, NotImplementedError):
        return None
    answers = [
        (rrset.name.to_text().rstrip("."), dns.rdatatype.to_text(rrset.rdtype), rdata.to_text()) for rrset in message.answer for rdata in rrset
    ]
    return [(name, kind, (data.split()[-1] if kind == "MX" else data).rstrip(".")) for name, kind, data in answers if kind in COMPARED]


def _ours(message: Dns) -> list[tuple[str, str, str]]:
    return [(r.name, r.type, str(r.data)) for r in message.answers if r.type in COMPARED]


@settings(max_examples=150, deadline=None)
@given(mutated(SAMPLES))
def test_where_dnspython_reads_a_message_so_do_we(data: bytes) -> None:
    theirs = _theirs(data)
    if theirs is None:
        return
    ours = outcome(parse_dns, data)
    assert isinstance(ours, Dns)
    if all(name.isprintable() and "\\" not in name + data for name, _, data in theirs):
        assert _ours(ours) == theirs


def test_dnspython_agrees_on_sound_messages() -> None:
    for sample in SAMPLES:
        assert _ours(parse_dns(sample)) == _theirs(sample)


def test_messages_alike_but_for_their_id_are_read_alike():
    parse = DISSECTORS[0].parse
    assert parse(ANSWER) == parse_dns(ANSWER)
    other = b"\x12\x34" + ANSWER[2:]
    assert parse(other) == parse_dns(other)
    assert parse(other).answers is parse(ANSWER).answers
    for size in range(len(ANSWER)):
        with pytest.raises(Truncated) as cut:
            parse(ANSWER[:size])
        with pytest.raises(Truncated) as expected:
            parse_dns(ANSWER[:size])
        assert (cut.value.reason, cut.value.offset) == (expected.value.reason, expected.value.offset)
