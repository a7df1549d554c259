"""The story of stations on the air."""

from __future__ import annotations

from pcapkit.columns.table import WlanEvent
from pcapkit.sessions.air import NOTES, Air, mac_of

PHONE, AP1, AP2 = 0xA483E7000031, 0x000C41820001, 0x000C41820002


def event(kind, frame=1, station=PHONE, bssid=AP1, **more):
    return WlanEvent(frame, frame * 10**9, kind, station, bssid, **more)


def test_joining_roaming_and_being_thrown_out():
    air = Air()
    air.add(
        [
            event("beacon", 1, None, AP1, ssid=b"corp", channel=6, security="wpa2-psk"),
            event("association-request", 2, ssid=b"corp"),
            event("reassociation-request", 3, bssid=AP2, ssid=b"corp", previous_bssid=AP1),
            event("deauthentication", 4, bssid=AP2, code=7),
        ],
        {},
    )
    notes = air.notes(mac_of(PHONE))
    assert notes[0] == "Wi-Fi: joined corp at 00:0c:41:82:00:01, channel 6, wpa2-psk (frame 2)"
    assert "roamed from 00:0c:41:82:00:01 to corp at 00:0c:41:82:00:02" in notes[1]
    assert notes[2].endswith("reason 7 (frame 4)")
    assert air.notes(None) == ()


def test_what_stays_encrypted_is_counted_with_advice_that_fits():
    air = Air()
    air.add([event("beacon", 1, None, AP1, ssid=b"corp", security="wpa2-enterprise"), event("association-request", 2)], {PHONE: 120})
    assert air.encrypted == 120
    assert "capture behind the access point" in air.notes(mac_of(PHONE))[-1]
    (item,) = air.unread()
    assert "120 data frames" in item.reason
    assert "wpa2-enterprise" in item.reason


def test_a_missing_handshake_is_named():
    air = Air()
    air.add([event("association-request", 2), event("eapol", 3, code=1)], {PHONE: 5})
    assert "four-way handshake is missing" in air.notes(mac_of(PHONE))[-1]
    air.add([event("eapol", 4, code=2)], {})
    assert "SSID:PASSPHRASE" in air.notes(mac_of(PHONE))[-1]


def test_a_storm_of_events_is_bounded():
    air = Air()
    air.add([event("deauthentication", n, code=1) for n in range(1, 1000)], {})
    assert len(air.notes(mac_of(PHONE))) == NOTES + 1
