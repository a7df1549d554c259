"""Who is a device, and what it is."""

import pytest
from pcapkit_dissectors.messages import Dns, HttpRequest, Record
from scenes import GATEWAY_MAC, World

from pcapkit.sessions.devices import is_randomized
from pcapkit.sessions.oui import vendor_of

NAME = "lyncdiscover.contoso.com"


def test_a_device_is_known_by_mac_and_keeps_it_when_it_roams():
    world = World()
    phone = world.phone("10.20.0.31", hostname="Annas-iPhone").lookup(NAME, "203.0.113.50")
    phone.ip = "10.30.0.7"
    phone.lease("Annas-iPhone").lookup(NAME, "203.0.113.50")
    (device,) = world.scene().devices
    assert (device.id, device.mac, device.addresses) == ("D1", "a4:83:e7:00:00:31", ("10.20.0.31", "10.30.0.7"))
    assert (device.hostname, device.vendor, device.mac_randomized) == ("Annas-iPhone", "Apple", False)
    assert device.resolvers == ("10.0.0.53",)


def test_ipv6_addresses_of_a_mac_are_one_device():
    world = World()
    phone = world.phone("10.20.0.31").lookup(NAME, "203.0.113.50")
    phone.ip = "2001:db8:20::31"
    phone.lookup(NAME, "203.0.113.50", resolver="2001:db8::53")
    (device,) = world.scene().devices
    assert device.addresses == ("10.20.0.31", "2001:db8:20::31")
    assert device.inside


def test_a_router_carries_others():
    world = World()
    first, second = (world.phone(ip, GATEWAY_MAC) for ip in ("10.20.0.31", "10.20.0.32"))
    for phone in (first, second, first, second):
        phone.lookup(NAME, "203.0.113.50")
    devices = world.scene().devices
    assert [(d.id, d.mac, d.addresses) for d in devices] == [("D1", None, ("10.20.0.31",)), ("D2", None, ("10.20.0.32",))]
    assert "router" in devices[0].notes[0]


def test_hops_show_a_router_with_one_device_behind_it():
    world = World()
    phone = world.phone("10.20.0.31", GATEWAY_MAC).lookup(NAME, "203.0.113.50")
    phone.syn("203.0.113.50", client_ttl=63)
    (device,) = world.scene().devices
    assert device.mac is None
    assert device.vendor is None


def test_a_lease_looks_through_the_router():
    world = World()
    phone = world.phone("10.20.0.31", "a4:83:e7:00:00:31", hostname="Annas-iPhone")
    phone.mac = GATEWAY_MAC
    phone.lookup(NAME, "203.0.113.50")
    (device,) = world.scene().devices
    assert device.mac == "a4:83:e7:00:00:31"


def test_servers_are_no_devices():
    world = World()
    phone = world.phone().lookup(NAME, "10.0.0.10")
    phone.https("10.0.0.10", NAME)
    server = world.phone("10.0.0.10", "02:00:00:00:00:10")
    server.https("10.0.0.99", "sql.contoso.com")
    assert [d.addresses for d in world.scene().devices] == [("10.20.0.31",)]


def test_a_lease_makes_a_device_of_a_host_that_also_serves():
    world = World()
    phone = world.phone().lookup(NAME, "10.0.0.10")
    laptop = world.phone("10.20.0.60", "3c:52:82:00:00:60", hostname="DESKTOP-1").lookup(NAME, "10.0.0.10")
    phone.https("10.20.0.60", "share.contoso.com")
    assert [d.hostname for d in world.scene().devices] == [None, "DESKTOP-1"]
    assert laptop.ip


def test_hosts_outside_are_devices_only_if_they_discover():
    world = World()
    world.phone("198.51.100.7", None).https("10.0.0.80", "www.contoso.com")
    world.phone("198.51.100.8", None).https("10.0.0.80", NAME)
    (device,) = world.scene().devices
    assert device.addresses == ("198.51.100.8",)
    assert not device.inside


def test_arp_makes_a_device_with_a_public_address_inside():
    world = World()
    world.phone("198.51.100.8").arp().lookup(NAME, "203.0.113.50")
    assert world.scene().devices[0].inside


def test_translated_copies_are_no_devices():
    world = World()
    phone = world.phone().lookup(NAME, "203.0.113.50")
    phone.syn("203.0.113.50").nat_copy("10.99.0.1", "10.99.0.80")
    world.phone("10.99.0.1", "02:00:00:00:99:01").syn("10.99.0.80")
    world.phone("10.99.0.1", "02:00:00:00:99:01").https("10.99.0.80", NAME)
    assert [d.addresses for d in world.scene().devices] == [("10.20.0.31",)]


def test_mdns_names_a_device():
    world = World()
    phone = world.phone(mac="a6:83:e7:00:00:31").lookup(NAME, "203.0.113.50")
    message = Dns("mdns", 0, 0, True, 0, False, "", "", (), (Record("Annas-iPhone.local", "A", 120, phone.ip),))
    world.tell(message, phone.ip, "224.0.0.251", 5353, 5353, macs=phone.macs)
    (device,) = world.scene().devices
    assert (device.hostname, device.vendor, device.mac_randomized) == ("Annas-iPhone", None, True)


@pytest.mark.parametrize(("mac", "random"), [("a6:00:00:00:00:01", True), ("02:00:00:00:00:01", True), ("a4:83:e7:00:00:01", False), (None, False)])
def test_randomized_bit(mac, random):
    assert is_randomized(mac) == random


def test_vendors_by_the_longest_prefix():
    assert vendor_of("28:cf:e9:21:d7:0f") == "Apple"
    assert vendor_of("00:50:56:00:00:01") == "VMware"
    assert vendor_of("70:b3:d5:12:30:01") not in (None, "IEEE Registration Authority")
    assert vendor_of("a6:83:e7:00:00:31") is None
    assert vendor_of("nonsense") is None


WINDOWS_55 = (1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252)


@pytest.mark.parametrize(
    ("lease", "agent", "platform"),
    [
        ({"parameters": (1, 121, 3, 6, 15, 119, 252)}, None, "ios"),
        ({"vendor_class": "android-dhcp-14", "parameters": (1, 3, 6, 15, 26, 28, 51, 58, 59, 43)}, None, "android"),
        ({"vendor_class": "MSFT 5.0", "hostname": "DESKTOP-7"}, None, "windows"),
        ({"vendor_class": "MSFT 5.0", "hostname": "Windows-Phone"}, None, "windows-phone"),
        ({"vendor_class": "MSFT 5.0", "hostname": "Windows-Phone", "parameters": WINDOWS_55}, None, "windows-phone"),
        ({"vendor_class": "MSFT 5.0", "hostname": "WIN-1", "parameters": WINDOWS_55}, None, "windows"),
        ({"hostname": "Annas-MacBook-Pro"}, None, "macos"),
        ({"hostname": "toaster"}, None, None),
        ({}, "Apple-iPhone13C2/1901.346", "ios"),
        ({}, "MSFT-WP/8.10.14219", "windows-phone"),
        ({}, "AndroidLync/5.4", "android"),
    ],
)
def test_platforms(lease, agent, platform):
    world = World()
    phone = world.phone(**{"hostname": None, **lease}).lookup(NAME, "203.0.113.50")
    if agent:
        phone.http("203.0.113.50", NAME, "/", status=404)
        request = HttpRequest("GET", "/", "HTTP/1.1", NAME, agent, None, None)
        phone.connect("203.0.113.50", 80).say(request)
    (device,) = world.scene().devices
    assert device.platform.name == platform
    assert bool(device.platform.because) == (platform is not None)
    assert device.platform.client == agent


def test_a_device_of_which_nothing_is_readable():
    world = World()
    world.phone("10.20.0.31", hostname="quiet").syn("198.51.100.1", times=1)
    world.phone("10.20.0.32", "a4:83:e7:00:00:32", hostname="silent")
    world.phone("10.20.0.33", "a4:83:e7:00:00:33").arp().syn("198.51.100.1", times=1)
    assert [(d.hostname, d.addresses) for d in world.scene().devices] == [("quiet", ("10.20.0.31",)), (None, ("10.20.0.33",))]


def test_limits_are_told():
    world = World()
    world.phone().lookup(NAME, "203.0.113.50")
    assert world.collector.problems() == []
    world.collector.facts.count_out("lookups")
    (problem,) = world.collector.problems()
    assert (problem.code, problem.count) == ("limit-reached", 1)
