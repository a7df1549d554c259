from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import DissectError, Truncated
from pcapkit_dissectors.dhcp import DISSECTOR, parse_dhcp, partial_dhcp
from pcapkit_dissectors.messages import Dhcp
from properties import mutated, outcome, prefixes_that_are_not_truncated

MAC = bytes.fromhex("a483e7010203")


def option(code: int, value: bytes) -> bytes:
    return bytes([code, len(value)]) + value


def message(*options: bytes, op: int = 1, yiaddr: str = "00000000", sname: bytes = b"", file: bytes = b"", end: bytes = b"\xff") -> bytes:
    fixed = bytes([op, 1, 6, 0]) + bytes.fromhex("3903f326 0000 0000 00000000") + bytes.fromhex(yiaddr) + bytes(8)
    return fixed + MAC + bytes(10) + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + bytes.fromhex("63825363") + b"".join(options) + end


REQUEST = message(
    option(53, b"\3"),
    option(61, b"\1" + MAC),
    option(55, bytes([1, 121, 3, 6, 15, 114, 119, 252])),
    option(50, bytes([192, 0, 2, 31])),
    option(54, bytes([192, 0, 2, 1])),
    option(12, b"Annas-iPhone\0"),
    option(60, b"android-dhcp-14"),
    option(81, b"\0\0\0phone.example.com."),
    b"\0\0",
)
ACK = message(
    option(53, b"\5"),
    option(51, (3600).to_bytes(4, "big")),
    option(6, bytes([192, 0, 2, 53, 192, 0, 2, 54])),
    option(15, b"example.com"),
    op=2,
    yiaddr="c000021f",
)
SAMPLES = [REQUEST, ACK]


def test_a_request_tells_of_the_device() -> None:
    assert parse_dhcp(REQUEST) == Dhcp(
        xid=0x3903F326,
        message_type=3,
        client_mac="a4:83:e7:01:02:03",
        hostname="Annas-iPhone",
        yiaddr="0.0.0.0",
        ciaddr="0.0.0.0",
        requested_ip="192.0.2.31",
        server_id="192.0.2.1",
        dns_servers=(),
        domain=None,
        vendor_class="android-dhcp-14",
        parameters=(1, 121, 3, 6, 15, 114, 119, 252),
        client_id="a4:83:e7:01:02:03",
        fqdn="phone.example.com",
    )


def test_a_lease_tells_of_the_network() -> None:
    lease = parse_dhcp(ACK)
    assert (lease.message_type, lease.yiaddr, lease.lease_s) == (5, "192.0.2.31", 3600)
    assert (lease.dns_servers, lease.domain) == (("192.0.2.53", "192.0.2.54"), "example.com")


def test_options_in_the_name_fields() -> None:
    over = message(option(53, b"\1"), option(52, b"\3"), file=option(12, b"phone") + b"\xff", sname=option(60, b"MSFT 5.0") + b"\xff")
    assert (parse_dhcp(over).hostname, parse_dhcp(over).vendor_class) == ("phone", "MSFT 5.0")
    without = message(option(53, b"\1"), file=option(12, b"phone") + b"\xff")
    assert parse_dhcp(without).hostname is None


def test_an_option_in_parts_is_one() -> None:
    assert parse_dhcp(message(option(53, b"\1"), option(12, b"Annas-"), option(12, b"iPhone"))).hostname == "Annas-iPhone"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"\4\0\0\5phone\7example\3com\0", "phone.example.com"),
        (b"\4\0\0\5phone", "phone"),
        (b"\0\0\0phone", "phone"),
        (b"\4\0\0\xffphone", "phone"),
        (b"\0\0\0", None),
    ],
)
def test_full_name_in_both_encodings(value: bytes, name: str | None) -> None:
    assert parse_dhcp(message(option(81, value))).fqdn == name


def test_options_of_the_wrong_size_are_left_out() -> None:
    odd = parse_dhcp(message(option(50, b"\1"), option(54, b""), option(6, bytes(6)), option(51, b"\1"), option(61, b"\0name")))
    assert (odd.requested_ip, odd.server_id, odd.dns_servers, odd.lease_s) == (None, None, ("0.0.0.0",), None)
    assert odd.client_id == b"\0name".hex()


def test_bootp_without_a_message_type() -> None:
    assert parse_dhcp(message()).message_type == 0


def test_other_protocols_on_the_port_are_refused() -> None:
    with pytest.raises(DissectError, match="cookie"):
        parse_dhcp(bytes([1, 1, 6, 0]) + bytes(300))
    with pytest.raises(DissectError, match="operation"):
        parse_dhcp(bytes(300))


def test_what_is_whole_of_a_cut_message() -> None:
    with pytest.raises(Truncated):
        parse_dhcp(REQUEST[:-20])
    cut = partial_dhcp(REQUEST[:-20])
    assert cut is not None
    assert (cut.hostname, cut.fqdn) == ("Annas-iPhone", None)
    assert partial_dhcp(REQUEST[:200]) is None


def test_prefixes() -> None:
    for sample in SAMPLES:
        legal = prefixes_that_are_not_truncated(parse_dhcp, sample)
        assert all(size >= 240 for size in legal), "only where an option ends, the end mark missing"


def test_registered_for_both_ports() -> None:
    assert (DISSECTOR.name, DISSECTOR.ports) == ("dhcp", {67, 68})


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=400), mutated(SAMPLES)))
def test_nothing_but_dissect_errors(data: bytes) -> None:
    outcome(parse_dhcp, data)
    partial_dhcp(data)
