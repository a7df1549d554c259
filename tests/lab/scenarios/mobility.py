"""What follows discovery: Mcx, UCWA, long polls, load balancers (docs/domain.md, 7)."""

from __future__ import annotations

from acts import begin, discover, get, lync_inside
from company import Site
from world import Phone, World

from scenarios._registry import Expect, iphone, scenario

POOL = ("fe01.contoso.com", "fe02.contoso.com")
MCX = "/Mcx/McxService.svc"


@scenario(
    "mobility_error", "Mcx answers 503, seen behind the TLS offload", Site(faults={"/mcx/": {"status": 503}}), codes=("mobility-service-error",)
)
def _mobility(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    get(phone, world.url("INTW", MCX, "http"), post=True)
    facts = {"mobility-service-error": {"status": 503, "service": "mcx"}}
    return [Expect(phone, ("mobility-service-error",), severity={"mobility-service-error": "critical"}, facts=facts)]


@scenario(
    "mobility_ticket_error", "the web ticket service is broken", Site(faults={"/webticket/": {"status": 500}}), codes=("mobility-service-error",)
)
def _ticket(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    get(phone, world.url("INTW", "/WebTicket/WebTicketService.svc/mex", "http"))
    return [Expect(phone, ("mobility-service-error",), facts={"mobility-service-error": {"service": "webticket"}})]


# ---------------------------------------------------------------- affinity


def _polls(world: World, phone: Phone, *more: str, times: int = 6) -> None:
    discover(world, phone)
    for _ in range(times):
        get(phone, world.url("INTW", MCX, "http"), *more, post=True)


@scenario("affinity_cookie", "two servers, each sets its own MS-WSMAN cookie and knows no other", Site(pool=POOL, app={"sticky": True}), codes=("affinity-lost",),
          twin="affinity_kept")  # fmt: skip
def _affinity(world: World) -> list[Expect]:
    phone = iphone(world)
    jar = str(world.folder / "jar")
    _polls(world, phone, "-b", jar, "-c", jar)
    return [Expect(phone, ("affinity-lost",), allowed=("mobility-service-error",), severity={"affinity-lost": "warning"})]


@scenario("affinity_errors", "two servers in turn, one of which does not know the session", Site(pool=POOL, faults={"/mcx/": {"status": 500, "on": POOL[1]}}),
          codes=("affinity-lost",), twin="affinity_alternates")  # fmt: skip
def _affinity_errors(world: World) -> list[Expect]:
    phone = iphone(world)
    _polls(world, phone)
    facts = {"affinity-lost": {"kind": "alternation"}}
    return [Expect(phone, ("affinity-lost",), allowed=("mobility-service-error",), facts=facts)]


@scenario("affinity_alternates", "two servers in turn, without errors: normal for Skype for Business", Site(pool=POOL))
def _alternates(world: World) -> list[Expect]:
    phone = iphone(world)
    _polls(world, phone)
    return [Expect(phone)]


@scenario("affinity_kept", "one server, its cookie comes back every time", Site(app={"sticky": True}))
def _kept(world: World) -> list[Expect]:
    phone = iphone(world)
    jar = str(world.folder / "jar")
    _polls(world, phone, "-b", jar, "-c", jar)
    return [Expect(phone)]


# ---------------------------------------------------------------- long polls


def _long_polls(world: World, phone: Phone) -> None:
    """Six of them side by side, so that the scenario is short."""
    lync_inside(world, phone)
    polls = [begin(phone, world.url("EXT", f"/ucwa/oauth/v1/applications/{i}/events"), wait=14) for i in range(6)]
    for poll in polls:
        poll.wait(20)


@scenario("longpoll_cut", "the load balancer cuts connections that are silent for six seconds", Site(idle_cut=6, app={"poll": 9}), codes=("longpoll-cut",),
          twin="longpoll_answered")  # fmt: skip
def _cut(world: World) -> list[Expect]:
    phone = iphone(world)
    _long_polls(world, phone)
    return [Expect(phone, ("longpoll-cut",), severity={"longpoll-cut": "warning"})]


@scenario("longpoll_answered", "long polls are answered after six seconds", Site(app={"poll": 6}))
def _answered(world: World) -> list[Expect]:
    phone = iphone(world)
    _long_polls(world, phone)
    return [Expect(phone)]
