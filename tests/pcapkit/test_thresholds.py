"""Every threshold of the configuration changes what is said: the same story told twice, once with another number in ``config.toml``."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from scenes import NS, T0, Phone, World, cert, verdict

from pcapkit.config import parse
from pcapkit.flows.facts import Quality
from pcapkit.limits import Thresholds
from pcapkit.model import Finding
from pcapkit.rules import judge
from pcapkit.trust.verdict import Fault

LDI, LD, EXT = "lyncdiscoverinternal.contoso.com", "lyncdiscover.contoso.com", "webext.contoso.com"
AD, MAIL = "autodiscover.contoso.com", "mail.contoso.com"
FE, PROXY, OTHERS = "10.0.0.10", "203.0.113.50", ("198.51.100.7", "198.51.100.8", "198.51.100.9")
SAMPLE = Path(__file__).parents[2] / "samples" / "hairpin-no-reply.pcapng"
DAY = 86_400 * NS
Story = Callable[[World], object]
Findings = dict[str, Finding]


class Case(NamedTuple):
    """With the default ``said`` of the findings is true, with ``value`` instead it is not."""

    name: str
    value: float
    story: Story
    said: Callable[[Findings], bool]
    after: float = 10


def has(code: str, **facts: object) -> Callable[[Findings], bool]:
    return lambda found: code in found and all(found[code].facts.get(key) == value for key, value in facts.items())


def discovered(world: World) -> Phone:
    phone = world.phone(hostname="Annas-iPhone")
    return phone.lookup(LDI, FE).https(FE, LDI).phone.lookup(EXT, PROXY)


def syns(times: int, gap: float = 0.5) -> Story:
    return lambda world: discovered(world).syn(PROXY, times=times, gap=gap)


def quick_reset(world: World) -> None:
    phone = discovered(world)
    phone.https(PROXY, EXT)
    phone.talk(PROXY, 4443).syn().reset(ms=2, ttl=63)


def resolver_silent(repeats: int) -> Story:
    return lambda world: world.phone(hostname="x").lookup(LDI, silent=True, repeats=repeats)


def closes_late(world: World) -> None:
    talk = world.phone(hostname="x").lookup(LDI, FE).connect(FE).tls(LDI, version=0x0304)
    world.wait(3)
    talk.close()


def private(world: World) -> Phone:
    """A phone at a server whose chain ends at a root that nobody knows."""
    fault = Fault("untrusted-private-ca", "ab" * 32, "ends at CN=Contoso Root")
    world.trust.verdicts["private"] = verdict("private", faults=(fault,))
    return world.phone(hostname="x").lookup(LDI, FE)


def hesitates(world: World) -> None:
    talk = private(world).connect(FE).hello(LDI).server_flight("private")
    world.wait(4)
    talk.close()


def short_request(world: World) -> None:
    private(world).connect(FE).tls(LDI, chain="private").appdata(request=60).close()


def falls_back_late(world: World) -> None:
    phone = world.phone(hostname="x").lookup(LDI, FE)
    phone.talk(FE).syn().reset()
    world.wait(20)
    phone.http(FE, LDI, "/", status=200, content_type="text/html")


def asks_again(world: World) -> None:
    """A portal's answer to a probe belongs to a session only while that is not idle for too long."""
    phone = world.phone(hostname="x")
    phone.lookup(LDI, FE).https(FE, LDI)
    world.wait(60)
    phone.lookup("captive.apple.com", OTHERS[0])
    phone.http(OTHERS[0], "captive.apple.com", "/hotspot-detect.html", status=302, location="http://portal.hotel.example/login")


def guesses_late(world: World) -> None:
    phone = world.phone(hostname="x").lookup(LDI, FE).https(FE, LDI).phone
    world.wait(6)
    phone.lookup(EXT, PROXY).syn(PROXY, times=3)


def bypassed(world: World) -> None:
    world.phone(hostname="x").lookup(LD, "10.0.0.28", ttl=600).https("10.0.0.28", LD)


def expires(lifetime: int, left: int) -> Story:
    def story(world: World) -> None:
        leaf = cert(not_before_ns=T0 + (left - lifetime) * DAY, not_after_ns=T0 + left * DAY)
        world.trust.verdicts["soon"] = verdict("public", leaf=leaf)
        world.phone(hostname="x").lookup(LDI, FE).https(FE, LDI, chain="soon")

    return story


def sent_on(world: World) -> None:
    phone = world.phone(hostname="x").lookup(AD, FE)
    for hop in range(12):
        here, there = (f"/{n}/autodiscover/autodiscover.xml" for n in (hop, hop + 1))
        phone.http(FE, AD, here, status=302, location=f"http://{AD}{there}")


def refused_again(world: World) -> None:
    phone = world.phone(hostname="x").lookup(MAIL, FE)
    for _ in range(3):
        basic = (("Authorization", "Basic cGlsYXI6c2VjcmV0"),)
        phone.connect(FE, 80).exchange(
            "POST", "/Microsoft-Server-ActiveSync", MAIL, 401, headers=basic, www_authenticate=('Basic realm="x"',)
        ).close()
        world.wait(20)


def polls(world: World) -> None:
    phone = discovered(world)
    for number in range(5):
        talk = phone.connect(PROXY).tls(EXT).appdata()
        world.wait(30 + number * 0.1)
        talk.close(by="server")


def nothing_outside(world: World) -> None:
    phone = world.phone(hostname="x")
    for address in OTHERS:
        phone.syn(address, times=2)
        world.wait(15)


def measured(**figures: object) -> Story:
    def story(world: World) -> None:
        discovered(world)
        world.quality = Quality(**figures)  # type: ignore[arg-type]

    return story


def copied(count: int, packets: int) -> Story:
    def story(world: World) -> None:
        discovered(world)
        world.frame, world.counts = packets, {"mirrored_copies": count}

    return story


CASES = (
    Case("syn_min", 5, syns(3), has("hairpin-no-reply"), after=0.5),
    Case("syn_wait_s", 60, syns(1), has("hairpin-no-reply")),
    Case("rst_gateway_rtt", 0.1, quick_reset, has("hairpin-reset", gateway_answered=True)),
    Case("stall_wait_s", 60, lambda world: discovered(world).connect(PROXY).hello(EXT), has("hairpin-stalled")),
    Case("dns_wait_s", 60, resolver_silent(1), has("dns-timeout")),
    Case("dns_wait_single_s", 60, resolver_silent(0), has("dns-timeout")),
    Case("reject_close_s", 1, closes_late, has("tls-rejected-by-client")),
    Case("prompt_wait_s", 10, hesitates, lambda found: _class(found["untrusted-private-ca"]) == "E"),
    Case("appdata_min", 1000, short_request, lambda found: found["untrusted-private-ca"].severity == "info"),
    Case("fallback_window_s", 5, falls_back_late, has("http-fallback", form="failed")),
    Case("session_idle_s", 10, asks_again, has("captive-portal")),
    Case("guess_window_s", 1, guesses_late, has("hairpin-no-reply")),
    Case("ttl_high_s", 1000, bypassed, lambda found: found["hairpin-bypassed"].severity == "warning"),
    Case("expiring_days", 5, expires(50, 12), has("cert-expiring")),
    Case("expiring_share", 0.05, expires(400, 50), has("cert-expiring")),
    Case("redirect_max", 20, sent_on, has("autodiscover-redirect-loop")),
    Case("auth_loop_min", 5, refused_again, has("autodiscover-auth-loop")),
    Case("auth_loop_window_s", 10, refused_again, has("autodiscover-auth-loop")),
    Case("longpoll_min", 7, polls, has("longpoll-cut")),
    Case("longpoll_spread_s", 0.1, polls, has("longpoll-cut")),
    Case("uplink_min", 5, nothing_outside, has("uplink-down")),
    Case("uplink_window_s", 10, nothing_outside, has("uplink-down")),
    Case("one_way_share", 0.9, measured(one_way=17, two_way=3), has("capture-one-way")),
    Case("one_way_min", 5, measured(one_way=4), has("capture-one-way")),
    Case("drops_min", 3, measured(gapped=2, lost_bytes=900), has("capture-drops")),
    Case("duplicates_min", 50, copied(20, 10_000), has("capture-duplicates")),
    Case("duplicates_share", 0.5, copied(5, 100), has("capture-duplicates")),
)


def _class(finding: Finding) -> object:
    by_device = finding.facts["by_device"]
    assert isinstance(by_device, dict)
    return next(iter(by_device.values()))["refusal_class"]


def told(case: Case, config: bytes) -> Findings:
    world = World()
    world.thresholds = parse(config, "config.toml").thresholds
    case.story(world)
    found, _ = judge(world.scene(after=case.after))
    return {f.code: f for f in found}


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_another_number_is_another_verdict(case: Case) -> None:
    assert case.said(told(case, b""))
    assert not case.said(told(case, f"[thresholds]\n{case.name} = {case.value}\n".encode()))


def test_every_threshold_is_tried() -> None:
    assert {c.name for c in CASES} == {f.name for f in dataclasses.fields(Thresholds)}


def test_from_the_file_to_the_report(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"

    def codes(text: str) -> set[str]:
        config.write_text(text)
        argv = [sys.executable, "-m", "pcapkit", "analyze", str(SAMPLE), "--config", str(config), "--format", "json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return {f["code"] for f in json.loads(done.stdout)["findings"]}

    assert "hairpin-no-reply" in codes("")
    assert "hairpin-no-reply" not in codes("[thresholds]\nsyn_min = 99\nsyn_wait_s = 9999\n")
