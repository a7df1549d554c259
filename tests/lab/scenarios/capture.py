"""What is wrong with the capture itself (docs/domain.md, 10)."""

from __future__ import annotations

import time

from acts import begin_client, client, discover, exchange, get, lync_inside
from company import Site
from world import World

from scenarios._registry import Expect, everywhere, iphone, scenario, two


@scenario("capture_one_way", "only what the phones send is mirrored", Site(mirror=("ap-in",)), codes=("capture-one-way",))
def _one_way(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone)
    return [*everywhere(phones), Expect(None, ("capture-one-way",))]


@scenario("capture_one_way_drop", "only what the phones send is mirrored, and the U-turn is dropped: that cannot be judged", Site(mirror=("ap-in",), hairpin="drop"),
          codes=("capture-one-way",))  # fmt: skip
def _one_way_drop(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        exchange(world, phone)
        lync_inside(world, phone)
    return [*everywhere(phones), Expect(None, ("capture-one-way",))]


@scenario("capture_snaplen", "packets are cut at 128 bytes", Site(snaplen=128), codes=("capture-snaplen",))
def _snaplen(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    return [Expect(phone), Expect(None, ("capture-snaplen",))]


@scenario("capture_duplicates", "the same cable is mirrored at both ends", Site(mirror=("ap", "core")), codes=("capture-duplicates",))
def _duplicates(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone)
    return [*everywhere(phones), Expect(None, ("capture-duplicates",))]


@scenario("capture_duplicates_drop", "the same, and the U-turn is dropped: the SYNs are not counted twice", Site(mirror=("ap", "core"), hairpin="drop"),
          codes=("capture-duplicates", "hairpin-no-reply"), twin="capture_duplicates")  # fmt: skip
def _duplicates_drop(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    return [Expect(phone, ("hairpin-no-reply",)), Expect(None, ("capture-duplicates",))]


@scenario(
    "capture_offload",
    "the hosts' network cards cut and sum, and the capture was taken before they did",
    Site(offload=True),
    codes=("capture-offload",),
)
def _offload(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    get(phone, "https://download.example.net/bytes/400000")
    return [Expect(phone), Expect(None, ("capture-offload",))]


@scenario(
    "capture_started_late",
    "the capture begins while a phone's connections are open",
    Site(late=True, app={"poll": 1.5}),
    codes=("capture-started-late",),
)
def _late(world: World) -> list[Expect]:
    world.ready()
    phone = iphone(world)
    held = begin_client(phone, "talk", world.names["LDI"], "80", "-", "4", "1.2", "/?sipuri=sip:pilar@contoso.com")
    time.sleep(0.8)
    world.start_capture()
    discover(world, phone)
    lync_inside(world, phone)
    held.wait(15)
    return [Expect(phone), Expect(None, ("capture-started-late",))]


@scenario("capture_drops", "every eighth packet with data is missing from the capture", Site(
    only="not (tcp and tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) = 0 and ip[2:2] > 100 and ip[4:2] & 7 = 3)"), codes=("capture-drops",))  # fmt: skip
def _drops(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone)
        for _ in range(3):
            client(phone, "talk", world.names["EXT"], "443", str(phone.roots), "10", "0", "/WebTicket/WebTicketService.svc/mex")
    return [*everywhere(phones), Expect(None, ("capture-drops",))]
