"""Exchange autodiscover, step by step, and ActiveSync (docs/domain.md, 3)."""

from __future__ import annotations

from acts import AUTODISCOVER, SYNC, ask, exchange, get
from company import BARE, CAS, DNSIP, FOREIGN, PUB, Site
from world import World

from scenarios._registry import Expect, everywhere, iphone, scenario, two

AD, JSON = "autodiscover.contoso.com", "/autodiscover/autodiscover.json"
SRV = ("_autodiscover._tcp.contoso.com,owa.contoso.com,443",)


@scenario(
    "exchange_no_record",
    "no autodiscover name, and no service record",
    Site(records={AD: None}),
    codes=("discover-no-record",),
    twin="healthy_exchange",
)
def _no_record(world: World) -> list[Expect]:
    phone = iphone(world)
    exchange(world, phone)
    ask(phone, DNSIP, "SRV", "_autodiscover._tcp.contoso.com")
    return [Expect(phone, ("discover-no-record",), severity={"discover-no-record": "critical"})]


@scenario("exchange_srv", "only the service record leads to the server: step 4 works", Site(records={AD: None}, srv=SRV, app={"mail": "OWA"}))
def _srv(world: World) -> list[Expect]:
    phone = iphone(world)
    exchange(world, phone)
    ask(phone, DNSIP, "SRV", "_autodiscover._tcp.contoso.com")
    get(phone, world.url("OWA", AUTODISCOVER), post=True)
    get(phone, world.url("OWA", AUTODISCOVER), post=True, user=True)
    get(phone, world.url("OWA", SYNC), post=True, user=True)
    return [Expect(phone)]


@scenario("exchange_srv_private", "the service record leads to a server with a private chain", Site(records={AD: None, "owa.contoso.com": CAS}, srv=SRV,
          cas="private-ca"), codes=("untrusted-private-ca",), twin="exchange_srv")  # fmt: skip
def _srv_private(world: World) -> list[Expect]:
    phone = iphone(world)
    exchange(world, phone)
    ask(phone, DNSIP, "SRV", "_autodiscover._tcp.contoso.com")
    get(phone, world.url("OWA", AUTODISCOVER), post=True)
    return [Expect(phone, ("untrusted-private-ca",), allowed=("cert-name-mismatch",))]


@scenario("exchange_port80", "https is closed, port 80 redirects to another https, as step 3 is meant", Site(closed=(("cas", 443),), faults={
    "/autodiscover/autodiscover.xml": {"status": 302, "host": AD, "headers": {"Location": f"https://owa.contoso.com{AUTODISCOVER}"}}}, app={"mail": "OWA"}))  # fmt: skip
def _port80(world: World) -> list[Expect]:
    phone = iphone(world)
    get(phone, world.url("AD", AUTODISCOVER), post=True)
    get(phone, world.url("AD", AUTODISCOVER, "http"))
    get(phone, world.url("OWA", AUTODISCOVER), post=True, user=True)
    get(phone, world.url("OWA", SYNC), post=True, user=True)
    return [Expect(phone, allowed=("service-reset",), severity={"service-reset": "info"})]


def _port80_wrong(name: str, text: str, fault: dict[str, object], code: str, allowed: tuple[str, ...] = (), *, user: bool = False) -> None:
    @scenario(name, text, Site(closed=(("cas", 443),), faults={"/autodiscover/autodiscover.xml": fault}, app={"clear_full": True}), codes=(code,),
              twin="exchange_port80")  # fmt: skip
    def play(world: World) -> list[Expect]:
        phone = iphone(world)
        get(phone, world.url("AD", AUTODISCOVER), post=True)
        get(phone, world.url("AD", AUTODISCOVER, "http"), user=user, post=user)
        return [Expect(phone, (code,), allowed=("service-reset", *allowed))]


_port80_wrong(
    "exchange_port80_settings", "port 80 gives settings in clear text", {"on": "nobody"}, "http-fallback", ("http-cleartext-credentials",), user=True
)
_port80_wrong(
    "exchange_port80_challenge", "port 80 asks for a password", {"status": 401, "headers": {"WWW-Authenticate": 'Basic realm="x"'}}, "http-fallback"
)
_port80_wrong("exchange_port80_http", "port 80 redirects to http", {"status": 302, "headers": {"Location": "http://owa.contoso.com/autodiscover/autodiscover.xml"}},
              "http-fallback", ("autodiscover-redirect-insecure",))  # fmt: skip
_port80_wrong("exchange_port80_foreign", "port 80 redirects into another domain", {
    "status": 302, "headers": {"Location": "https://www.fabrikam.com/autodiscover/autodiscover.xml"}}, "autodiscover-redirect-insecure")  # fmt: skip


@scenario("exchange_redirect_loop", "http and https send to each other", Site(faults={"/autodiscover/autodiscover.xml": {
    "status": 302, "headers": {"Location": f"http://{AD}/autodiscover/autodiscover.xml"}}}), codes=("autodiscover-redirect-loop",),
    twin="exchange_port80")  # fmt: skip
def _loop(world: World) -> list[Expect]:
    phone = iphone(world)
    for _ in range(3):
        get(phone, world.url("AD", AUTODISCOVER, "http"))
    return [Expect(phone, ("autodiscover-redirect-loop",), allowed=("http-fallback", "autodiscover-redirect-insecure"))]


# ---------------------------------------------------------------- the leak

TLD = {"autodiscover.com": FOREIGN}


@scenario("exchange_leak", "after its own names failed the client asks autodiscover.com", Site(records={AD: None, **TLD}), codes=("autodiscover-leak",),
          twin="healthy_exchange")  # fmt: skip
def _leak(world: World) -> list[Expect]:
    phone = iphone(world)
    exchange(world, phone)
    ask(phone, DNSIP, "SRV", "_autodiscover._tcp.contoso.com")
    ask(phone, DNSIP, "A", "autodiscover.com")
    return [Expect(phone, ("autodiscover-leak", "discover-no-record"), severity={"autodiscover-leak": "warning"})]


@scenario("exchange_leak_password", "the same, and it sends its password there", Site(records={AD: None, **TLD}), codes=("autodiscover-leak",),
          twin="healthy_exchange")  # fmt: skip
def _leak_password(world: World) -> list[Expect]:
    phone = iphone(world)
    exchange(world, phone)
    get(phone, f"https://autodiscover.com{AUTODISCOVER}", "-k", post=True, user=True)
    told = ("autodiscover-leak", "discover-no-record")
    return [Expect(phone, told, allowed=("cert-name-mismatch",), severity={"autodiscover-leak": "critical"})]


@scenario("exchange_leak_parent", "an account in a subdomain is looked for in the parent domain", Site(domain="emea.contoso.com", records={
    "autodiscover.emea.contoso.com": None, AD: PUB}), codes=("autodiscover-leak",), twin="healthy_exchange")  # fmt: skip
def _leak_parent(world: World) -> list[Expect]:
    phone = iphone(world)
    exchange(world, phone)
    get(phone, f"https://{AD}{AUTODISCOVER}", post=True)
    return [Expect(phone, ("autodiscover-leak",), allowed=("discover-no-record", "cert-name-mismatch"))]


# ---------------------------------------------------------------- answers in clear text: the capture stands behind the TLS offload


def _clear_step(world: World, phone: object, path: str = AUTODISCOVER, host: str = "AD", *, user: bool = True, post: bool = True) -> int:
    return get(phone, world.url(host, path, "http"), user=user, post=post)  # type: ignore[arg-type]


@scenario("exchange_v2", "the JSON form of autodiscover answers", Site(app={"clear_full": True}), keys=True)
def _v2(world: World) -> list[Expect]:
    phone = iphone(world, keys=True)
    get(phone, world.url("AD", f"{JSON}/v1.0/pilar@contoso.com?Protocol=ActiveSync"))
    get(phone, world.url("AD", f"{JSON}?Email=pilar@contoso.com&Protocol=ActiveSync&RedirectCount=0"))
    get(phone, world.url("MAIL", SYNC), post=True, user=True)
    return [Expect(phone)]


@scenario("exchange_v2_error", "the JSON form refuses", Site(app={"clear_full": True}), codes=("autodiscover-http-error",), twin="exchange_v2")
def _v2_error(world: World) -> list[Expect]:
    phone = iphone(world)
    _clear_step(world, phone, f"{JSON}/v1.0/pilar@contoso.com", user=False, post=False)
    return [Expect(phone, ("autodiscover-http-error",), allowed=("http-fallback",))]


@scenario("exchange_600_on_get", "a browser's GET after login gets ErrorCode 600: the healthy sign", Site(app={"clear_full": True}), keys=True)
def _browser(world: World) -> list[Expect]:
    phone = iphone(world, keys=True)
    get(phone, world.url("AD", AUTODISCOVER), user=True)
    get(phone, world.url("AD", AUTODISCOVER), post=True, user=True)
    return [Expect(phone)]


@scenario("exchange_error_601", "autodiscover answers 200 with ErrorCode 601", Site(app={"clear_full": True}, faults={"/autodiscover/autodiscover.xml": {
    "status": 200, "type": "text/xml", "challenge": True,
    "body": '<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response>'
            '<Error Time="16:56:32.6" Id="1"><ErrorCode>601</ErrorCode><Message>Provider is not available</Message><DebugData/></Error></Response></Autodiscover>'}}),
    codes=("autodiscover-malformed",), twin="healthy_exchange")  # fmt: skip
def _error_601(world: World) -> list[Expect]:
    phone = iphone(world)
    _clear_step(world, phone)
    return [Expect(phone, ("autodiscover-malformed", "http-cleartext-credentials"), allowed=("http-fallback",))]


@scenario("exchange_451", "ActiveSync says that the mailbox has moved", Site(faults={"/microsoft-server-activesync": {
    "status": 451, "signed_in": True, "host": "mail.contoso.com", "headers": {"X-MS-Location": "https://owa.contoso.com/Microsoft-Server-ActiveSync"}}}),
    codes=("mobility-service-error",), twin="healthy_exchange")  # fmt: skip
def _moved(world: World) -> list[Expect]:
    phone = iphone(world)
    _clear_step(world, phone, SYNC, "MAIL")
    get(phone, world.url("OWA", SYNC), post=True, user=True)
    return [Expect(phone, ("mobility-service-error", "http-cleartext-credentials"), severity={"mobility-service-error": "info"})]


def _activesync(status: int) -> None:
    @scenario(f"exchange_{status}", f"ActiveSync answers {status}", Site(faults={"/microsoft-server-activesync": {"status": status, "signed_in": True}}),
              codes=("mobility-service-error",), twin="healthy_exchange")  # fmt: skip
    def play(world: World) -> list[Expect]:
        phone = iphone(world)
        for _ in range(2):
            _clear_step(world, phone, SYNC, "MAIL")
        told = {"mobility-service-error": {"status": status, "service": "activesync"}}
        return [Expect(phone, ("mobility-service-error", "http-cleartext-credentials"), facts=told, severity={"mobility-service-error": "critical"})]


for _status in (403, 503):
    _activesync(_status)


@scenario("exchange_auth_loop", "complete credentials are refused again and again", Site(faults={"/microsoft-server-activesync": {
    "status": 401, "headers": {"WWW-Authenticate": 'Basic realm="x"'}}}), codes=("autodiscover-auth-loop",), twin="healthy_exchange")  # fmt: skip
def _auth_loop(world: World) -> list[Expect]:
    phone = iphone(world)
    for _ in range(4):
        _clear_step(world, phone, SYNC, "MAIL")
    return [Expect(phone, ("autodiscover-auth-loop", "http-cleartext-credentials"), severity={"autodiscover-auth-loop": "critical"})]


@scenario("exchange_http_url", "ActiveSync over http with Basic", codes=("http-cleartext-credentials",), twin="healthy_exchange")
def _http_url(world: World) -> list[Expect]:
    phone = iphone(world)
    exchange(world, phone)
    _clear_step(world, phone, SYNC, "MAIL")
    return [Expect(phone, ("http-cleartext-credentials",), facts={"http-cleartext-credentials": {"scheme": "Basic"}})]


@scenario(
    "exchange_web_site", "the bare domain is a public web site without Exchange: step 1 fails as it should", Site(records={"contoso.com": BARE})
)
def _web_site(world: World) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        get(phone, world.url("domain", AUTODISCOVER, "http"), post=True)
        get(phone, world.url("AD", AUTODISCOVER), post=True)
        get(phone, world.url("AD", AUTODISCOVER), post=True, user=True)
    return everywhere(phones)
