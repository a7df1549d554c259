"""Chains that are wrong, and what phones make of them (docs/trust.md; docs/domain.md, 9)."""

from __future__ import annotations

import acts
from acts import AUTODISCOVER, LIBRARIES, SYNC, discover, exchange, get, lync_external, lync_fallback, lync_inside
from company import BARE, Site
from world import World

from scenarios._registry import Expect, android, everywhere, iphone, scenario, two, windows_phone

# ---------------------------------------------------------------- refused by two libraries


def _refused(kind: str, code: str, allowed: tuple[str, ...] = ()) -> None:
    @scenario(f"cert_{kind.replace('-', '_')}", f"the front end shows a chain of kind {kind}; phones refuse it", Site(fe=kind), codes=(code,))
    def play(world: World) -> list[Expect]:
        phones = two(world)
        discover(world, phones[0])
        discover(world, phones[1], tool="python")
        return everywhere(phones, code, allowed=allowed, severity={code: "critical"}, outcome="failed")


_refused("private-ca", "untrusted-private-ca")
_refused("private-ca-leaf-only", "untrusted-private-ca")
_refused("self-signed", "untrusted-self-signed", ("cert-no-server-auth",))
_refused("incomplete", "untrusted-incomplete-chain")
_refused("expired", "cert-expired")
_refused("not-yet", "cert-not-yet-valid")
_refused("mismatch", "cert-name-mismatch")


# ---------------------------------------------------------------- accepted by phones that have the corporate root


def _accepted(kind: str, code: str, also: tuple[str, ...] = (), *, strict: bool = True) -> None:
    @scenario(f"cert_{kind.replace('-', '_')}", f"the front end shows a chain of kind {kind}; phones that have the corporate root accept it", Site(fe=kind),
              codes=(code,), twin="private_ca_trusted", trust="all")  # fmt: skip
    def play(world: World) -> list[Expect]:
        phone = iphone(world, roots=world.pki.all_roots)
        get(phone, world.url("LDI", "/?sipuri=sip:pilar@contoso.com"), *([] if strict else ["-k"]))
        return [Expect(phone, (code,), allowed=also)]


_accepted("no-san", "cert-no-san", ("cert-name-mismatch",))
_accepted("no-server-auth", "cert-no-server-auth", strict=False)
_accepted("long", "cert-lifetime-too-long")
_accepted("weak-key", "cert-weak-key", strict=False)
_accepted("weak-signature", "cert-weak-signature", strict=False)


@scenario("cert_expiring", "the proxy's certificate ends in five days", Site(rp="expiring"), codes=("cert-expiring",))
def _expiring(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    return [Expect(phone, ("cert-expiring",), severity={"cert-expiring": "info"}, outcome="succeeded")]


# ---------------------------------------------------------------- the trio of the corporate Wi-Fi


@scenario("private_ca_falls_back", "Windows Phone refuses the private chain and goes on to the external name", Site(fe="private-ca"),
          codes=("untrusted-private-ca",))  # fmt: skip
def _falls_back(world: World) -> list[Expect]:
    phone = windows_phone(world)
    lync_fallback(world, phone)
    return [Expect(phone, ("untrusted-private-ca",), severity={"untrusted-private-ca": "warning"})]


@scenario("private_ca_trio", "an iPhone fails, an Android is told to go on by its user, a Windows Phone falls back", Site(fe="private-ca"),
          codes=("untrusted-private-ca",))  # fmt: skip
def _trio(world: World) -> list[Expect]:
    apple, droid, windows = iphone(world), android(world), windows_phone(world)
    discover(world, apple)
    discover(world, droid)
    get(droid, world.url("LDI", "/?sipuri=sip:pilar@contoso.com"), "-k")
    lync_external(world, droid)
    lync_fallback(world, windows)
    return everywhere((apple, droid, windows), "untrusted-private-ca")


@scenario("private_ca_trusted", "the phones have the corporate root, and so has the analyzer", Site(fe="private-ca", cas="private-ca"), trust="all")
def _trusted(world: World) -> list[Expect]:
    phone = iphone(world, roots=world.pki.all_roots)
    lync_inside(world, phone)
    exchange(world, phone)
    return [Expect(phone)]


@scenario("private_ca_accepted", "the phone accepts a chain that the analyzer does not know: worth knowing, no more", Site(fe="private-ca"),
          codes=("untrusted-private-ca",), twin="private_ca_trusted")  # fmt: skip
def _unknown_root(world: World) -> list[Expect]:
    phone = android(world, roots=world.pki.all_roots)
    lync_inside(world, phone)
    return [Expect(phone, ("untrusted-private-ca",), severity={"untrusted-private-ca": "info"})]


@scenario(
    "tls_inspection",
    "a gateway shows certificates of its own CA for every name, public ones too",
    Site(inspect=True),
    codes=("untrusted-private-ca",),
)
def _inspection(world: World) -> list[Expect]:
    phones = iphone(world), android(world, roots=world.pki.inspected_roots)
    for phone in phones:
        get(phone, "https://www.example.com/")
        get(phone, "https://news.example.org/")
        lync_inside(world, phone)
    facts = {"untrusted-private-ca": {"subtype": "tls-inspection"}}
    return everywhere(phones, "untrusted-private-ca", facts=facts)


# ---------------------------------------------------------------- Exchange's first guess is the public web site


@scenario(
    "cert_bare_domain", "the bare domain is a web site whose certificate does not list it; the next step works", Site(records={"contoso.com": BARE})
)
def _bare(world: World) -> list[Expect]:
    phone = iphone(world)
    exchange(world, phone)
    return [Expect(phone, allowed=("cert-name-mismatch",), severity={"cert-name-mismatch": "info"}, outcome="succeeded")]


@scenario("exchange_private_ca", "Exchange shows a private chain: mail fails, chat does not", Site(cas="private-ca"), codes=("untrusted-private-ca",),
          twin="healthy_exchange")  # fmt: skip
def _exchange(world: World) -> list[Expect]:
    phone = iphone(world)
    lync_inside(world, phone)
    exchange(world, phone)
    return [Expect(phone, ("untrusted-private-ca",), severity={"untrusted-private-ca": "critical"})]


@scenario("exchange_accepted_by_user", "the mail app asks, and its user says yes", Site(cas="private-ca"), codes=("untrusted-private-ca",),
          twin="healthy_exchange")  # fmt: skip
def _prompt(world: World) -> list[Expect]:
    phone = iphone(world)
    get(phone, world.url("AD", AUTODISCOVER), post=True)
    get(phone, world.url("AD", AUTODISCOVER), "-k", post=True, user=True)
    get(phone, world.url("MAIL", SYNC), "-k", post=True, user=True)
    return [Expect(phone, ("untrusted-private-ca",))]


# ---------------------------------------------------------------- libraries


def _library(tool: str, version: str) -> None:
    hidden = version == "TLSv1.3"
    code = "tls-rejected-by-client" if hidden else "untrusted-private-ca"

    @scenario(f"refused_by_{tool}_{version[4:].replace('.', '')}", f"{tool} refuses a private chain over {version}", Site(fe="private-ca", tls=version),
              codes=(code,), twin=f"accepted_{version[4:].replace('.', '')}", tools=(tool,))  # fmt: skip
    def play(world: World) -> list[Expect]:
        phone = iphone(world)
        for _ in range(2):
            discover(world, phone, tool=tool)
        return [Expect(phone, (code,))]


def _all_libraries(version: str) -> None:
    @scenario(f"accepted_{version[4:].replace('.', '')}", f"every library accepts a sound chain over {version}", Site(tls=version))
    def play(world: World) -> list[Expect]:
        phone = iphone(world)
        for tool in filter(acts.available, LIBRARIES):
            status = discover(world, phone, tool=tool)
            assert status or tool == "git", f"{tool} did not accept"
        return [Expect(phone)]


for _version in ("TLSv1.2", "TLSv1.3"):
    _all_libraries(_version)
    for _tool in LIBRARIES:
        _library(_tool, _version)


@scenario("refused_borrowed_chain", "TLS 1.3 hides the chain from the tap, an older phone shows it", Site(fe="private-ca", tls="TLSv1.2 TLSv1.3"),
          codes=("untrusted-private-ca",), twin="healthy_tls13")  # fmt: skip
def _borrowed(world: World) -> list[Expect]:
    phones = two(world)
    discover(world, phones[0])
    get(phones[1], world.url("LDI", "/?sipuri=sip:pilar@contoso.com"), "--tls-max", "1.2")
    return [Expect(phones[0], any_of=(("untrusted-private-ca", "tls-rejected-by-client"),)), Expect(phones[1], ("untrusted-private-ca",))]
