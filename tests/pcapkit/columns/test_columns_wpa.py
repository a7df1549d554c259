"""Wi-Fi with a pre-shared key: the handshake gives the keys, the keys the packets; the rest is counted by station."""

import struct
import zlib
from pathlib import Path

import pytest
from craft import ether, ipv4, payload, udp, window
from craft_wpa import AP, GROUP, PASSPHRASE, SSID, STATION, Network, header
from wrap import SNAP

from pcapkit.columns import Decoder, WpaKeys
from pcapkit.columns.table import FRAGMENT, OK, PROTECTED, UNKNOWN
from pcapkit.columns.tkip import tkip_key
from pcapkit.columns.wlan_frames import parse_elements, security_of

PACKET = ipv4(udp(b"readable"), 17)
BODY = SNAP + b"\x08\x00" + PACKET
KEYS = [(SSID, PASSPHRASE)]
NUMBER = int.from_bytes(STATION, "big")
SHARED = Path(__file__).parents[4] / "shared" / "captures" / "wireshark_wpa-Induction.pcap.gz"


def decode(frames, keys=KEYS, link=105):
    return Decoder(wpa=WpaKeys(keys) if keys else None).decode(window(frames, link))


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("wpa", [False, True])
def test_data_after_the_handshake_is_read(version, wpa):
    net = Network(version, wpa=wpa)
    sealed = [net.seal(header(from_ap, quality=quality) + BODY, 7) for from_ap in (True, False) for quality in (None, 5)]
    table = decode(net.messages() + sealed)
    assert table.status.tolist() == [UNKNOWN] * 4 + [OK] * 4
    assert [payload(table, row) for row in range(4, 8)] == [b"readable"] * 4
    assert table.frame.tolist() == list(range(1, 9))
    assert table.src_mac.tolist()[-1] == NUMBER
    assert (table.unknown, table.protected) == ({"eapol": 4}, {})
    assert [event.code for event in table.wlan] == [1, 2, 3, 4]
    assert {(event.kind, event.station, event.bssid) for event in table.wlan} == {("eapol", NUMBER, int.from_bytes(AP, "big"))}


@pytest.mark.parametrize(("version", "group_key"), [(1, None), (2, None), (2, b"G" * 32)])
def test_group_frames_are_read_with_the_key_of_message_three(version, group_key):
    net = Network(version, group_key=group_key)
    table = decode([*net.messages(), net.seal(header(True, to=GROUP) + BODY, 9, group=True)])
    assert (table.status[4], payload(table, 4)) == (OK, b"readable")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("wpa", [False, True])
def test_a_new_group_key_comes_encrypted(version, wpa):
    net = Network(version, wpa=wpa)
    messages = net.messages()
    net.group_key = b"N" * len(net.group_key)
    rekey = net.seal(header(True) + SNAP + b"\x88\x8e" + net.group_message(), 8)
    table = decode([*messages, rekey, net.seal(header(True, to=GROUP) + BODY, 9, group=True)])
    assert (table.status[5], payload(table, 5)) == (OK, b"readable")
    assert [event.code for event in table.wlan] == [1, 2, 3, 4, 0]


def test_a_check_sequence_at_the_end_does_not_hurt():
    net = Network()
    sealed = net.seal(header(False) + BODY, 7)
    table = decode([*net.messages(), sealed + struct.pack("<I", zlib.crc32(sealed))])
    assert table.status[4] == OK


def test_message_three_stands_in_for_a_lost_first():
    net = Network()
    table = decode([*net.messages()[1:], net.seal(header(False) + BODY, 7)])
    assert table.status[3] == OK


def test_keys_of_the_handshake_before_still_serve_for_a_moment():
    old, new = Network(), Network(ap_nonce=bytes(32)[:-1] + b"\x01")
    table = decode([*old.messages(), *new.messages(), old.seal(header(False) + BODY, 7), new.seal(header(False) + BODY, 8)])
    assert table.status.tolist()[-2:] == [OK, OK]


@pytest.mark.parametrize("keys", [None, [(SSID, "wrong passphrase")], [("other", PASSPHRASE)]])
def test_without_the_right_key_frames_are_counted_by_station(keys):
    net = Network()
    table = decode([*net.messages(), net.seal(header(False) + BODY, 7), net.seal(header(True) + BODY, 8)], keys)
    assert table.status.tolist()[-2:] == [PROTECTED] * 2
    assert (table.unknown["802.11 encrypted"], table.protected) == (2, {NUMBER: 2})


def test_data_before_the_handshake_stays_protected():
    net = Network()
    assert decode([net.seal(header(False) + BODY, 7), *net.messages()]).status[0] == PROTECTED


def test_a_key_instead_of_a_passphrase():
    import hashlib

    key = hashlib.pbkdf2_hmac("sha1", PASSPHRASE.encode(), SSID.encode(), 4096, 32).hex()
    net = Network()
    assert decode([*net.messages(), net.seal(header(False) + BODY, 7)], [("whatever", key)]).status[4] == OK


@pytest.mark.parametrize("network", [("", "long enough"), ("x" * 33, "long enough"), ("example", "short"), ("example", "x" * 65)])
def test_impossible_keys_are_refused(network):
    with pytest.raises(ValueError):
        WpaKeys([network])


def test_keys_are_not_shown():
    assert PASSPHRASE not in repr(WpaKeys(KEYS))


def test_pieces_of_an_encrypted_frame():
    net = Network()
    pieces = [net.seal(header(False, flags=4) + BODY[:24], 7), net.seal(header(False, sequence=0x21) + BODY[24:], 8)]
    table = decode([*net.messages(), *pieces])
    assert table.status.tolist()[4:] == [FRAGMENT, FRAGMENT, OK]
    assert (payload(table, 6), table.parts[6]) == (b"readable", (5, 6))


def test_pieces_in_clear():
    pieces = [header(False, flags=4) + BODY[:24], header(False, sequence=0x21) + BODY[24:]]
    table = decode(pieces)
    assert (table.status.tolist(), payload(table, 2)) == ([FRAGMENT, FRAGMENT, OK], b"readable")
    assert OK not in decode(pieces[1:]).status


def test_several_packets_in_an_encrypted_frame():
    net = Network()
    part = STATION + AP + struct.pack(">H", len(BODY)) + BODY
    table = decode([*net.messages(), net.seal(header(True, quality=0x80) + part + bytes(-len(part) % 4) + part, 7)])
    assert [payload(table, row) for row in (4, 5)] == [b"readable"] * 2
    assert table.frame.tolist()[-2:] == [5, 5]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_keys_are_carried_from_window_to_window(step):
    net = Network()
    frames = [*net.messages(), net.seal(header(False) + BODY, 7), net.seal(header(True, to=GROUP) + BODY, 9, group=True)]
    decoder = Decoder(wpa=WpaKeys(KEYS))
    tables = [decoder.decode(window(frames[start : start + step], 105, first_frame=start + 1)) for start in range(0, len(frames), step)]
    assert [status for table in tables for status in table.status.tolist()] == [UNKNOWN] * 4 + [OK] * 2


def test_wep_is_named():
    table = decode([header(False, flags=0x40) + b"\x01\x02\x03\x00" + bytes(40)])
    assert (table.unknown, table.protected) == ({"802.11 wep": 1}, {NUMBER: 1})


def test_key_mixing_of_the_standard():
    """IEEE 802.11-2020, annex J.4.2, first vector: TK 00..0f, TA 10:22:33:44:55:66, TSC 0."""
    key, sender = bytes(range(16)), bytes.fromhex("102233445566")
    assert tkip_key(key, sender, bytes(6)).hex() == "00200033ea8d2f60ca6d1374234a66" + "0b"


def management(subtype, body, *, from_ap=True, flags=0):
    one, two = (STATION, AP) if from_ap else (AP, STATION)
    return bytes((subtype << 4, flags)) + b"\0\0" + one + two + AP + b"\0\0" + body


def element(kind, value):
    return bytes((kind, len(value))) + value


def test_management_frames_tell_the_story():
    ssid, channel = element(0, b"example"), element(3, b"\x06")
    rsn = element(48, bytes.fromhex("0100000fac040100000fac040200000fac02000fac080000"))
    beacon = management(8, bytes(10) + b"\x11\0" + ssid + channel + rsn)
    frames = [
        beacon,
        beacon,
        management(11, b"\0\0\x01\0\0\0", from_ap=False),
        management(2, b"\x11\0\0\0" + b"\x02" + bytes(4) + b"\x09" + ssid + rsn, from_ap=False),
        management(3, b"\x11\0\x11\0\x01\xc0"),
        management(12, b"\x07\0"),
        management(12, b"\x07\0", flags=0x08),
        management(10, bytes(18), flags=0x40),
    ]
    table = decode(frames, None)
    told = [(e.frame, e.kind, e.station, e.ssid, e.channel, e.code, e.security, e.previous_bssid) for e in table.wlan]
    assert told == [
        (1, "beacon", None, b"example", 6, None, "wpa2-psk+wpa3-sae", None),
        (3, "authentication", NUMBER, None, None, 0, None, None),
        (4, "reassociation-request", NUMBER, b"example", None, None, "wpa2-psk+wpa3-sae", 0x020000000009),
        (5, "reassociation-response", NUMBER, None, None, 17, None, None),
        (6, "deauthentication", NUMBER, None, None, 7, None, None),
        (8, "disassociation", NUMBER, None, None, None, None, None),
    ]
    assert table.unknown == {"802.11 management": 8}


def test_security_names():
    wpa = element(221, bytes.fromhex("0050f20101000050f20201000050f2020100" + "0050f202"))
    assert security_of(parse_elements(wpa), True) == "wpa-psk"
    assert security_of(parse_elements(element(48, bytes.fromhex("0100000fac040100000fac040100000fac12"))), True) == "owe"
    assert (security_of([], True), security_of([], False)) == ("wep", "open")
    assert security_of(parse_elements(element(48, b"")), True) == "wep"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared captures are not there")
def test_the_classic_capture():
    from pcapkit.capture import open_capture

    decoder = Decoder(wpa=WpaKeys([("Coherer", "Induction")]))
    tables = [(t.status == OK) & (t.version == 4) for t in map(decoder.decode, open_capture(str(SHARED), 0).windows())]
    assert sum(int(mask.sum()) for mask in tables) == 158


def test_frames_of_ethernet_do_not_become_wifi():
    table = Decoder().decode(window([ether(b"\x02\x03\x00\x5f" + bytes(95), 0x888E)]))
    assert (table.unknown, table.wlan) == ({"eapol": 1}, [])
