"""Many phones at once, each with its own story, in one capture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import acts
from acts import discover, exchange, get, lync_external, lync_fallback
from company import Site
from world import Phone, World

from scenarios._registry import Expect, android, desktop, iphone, scenario, windows_phone

IPAD = "a8:5c:2c:10:20:30"


@scenario("five_phones", "five devices at once: refused, accepted, fallen back, mail only, and one that only browses; the U-turn is dropped",
          Site(fe="private-ca", hairpin="drop"), codes=("untrusted-private-ca", "hairpin-no-reply"))  # fmt: skip
def _five(world: World) -> list[Expect]:
    apple, droid, windows = iphone(world), android(world), windows_phone(world)
    pad, pc = world.phone("Pilars-iPad", IPAD, "ios"), desktop(world)

    def accepts(phone: Phone) -> None:
        discover(world, phone)
        get(phone, world.url("LDI", "/?sipuri=sip:pilar@contoso.com"), "-k")
        lync_external(world, phone)

    def browses(phone: Phone) -> None:
        for _ in range(3):
            acts.browse(phone)

    with ThreadPoolExecutor(5) as pool:
        plays = [pool.submit(discover, world, apple), pool.submit(accepts, droid), pool.submit(lync_fallback, world, windows)]
        plays += [pool.submit(exchange, world, pad), pool.submit(browses, pc)]
        for play in plays:
            play.result()
    both = ("untrusted-private-ca", "hairpin-no-reply")
    return [Expect(apple, both[:1]), Expect(droid, both), Expect(windows, both), Expect(pad), Expect(pc)]
