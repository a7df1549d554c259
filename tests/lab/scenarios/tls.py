"""Handshakes that fail for other reasons than the certificate, and sessions that are taken up again (docs/domain.md, 6)."""

from __future__ import annotations

from acts import discover, get, lync_external
from company import Site
from world import World

from scenarios._registry import Expect, iphone, scenario, two

OLD = "/?sipuri=sip:pilar@contoso.com"


@scenario("tls_version_refused", "the server speaks TLS 1.0 only, the phone wants 1.2", Site(tls="TLSv1"), codes=("tls-version-refused",))
def _version_refused(world: World) -> list[Expect]:
    phone = iphone(world)
    for _ in range(2):
        get(phone, world.url("LDI", OLD), "--tlsv1.2")
    return [
        Expect(phone, ("tls-version-refused",), severity={"tls-version-refused": "critical"}, facts={"tls-version-refused": {"refused_by": "server"}})
    ]


@scenario("tls_version_refused_by_client", "the server answers a phone of TLS 1.2 with 1.0", Site(tls="TLSv1"), codes=("tls-version-refused",))
def _refused_by_client(world: World) -> list[Expect]:
    phone = iphone(world)
    for _ in range(2):
        get(phone, world.url("LDI", OLD), "--tlsv1.2", "--tls-max", "1.2")
    return [Expect(phone, ("tls-version-refused",), facts={"tls-version-refused": {"refused_by": "client"}})]


@scenario("tls_old_phone", "the server wants TLS 1.2, the phone speaks 1.0", codes=("tls-version-refused",))
def _old_phone(world: World) -> list[Expect]:
    phone, modern = two(world)
    for _ in range(2):
        get(phone, world.url("LDI", OLD), "--tlsv1.0", "--tls-max", "1.0", "--ciphers", "ALL:@SECLEVEL=0")
    discover(world, modern)
    return [Expect(phone, ("tls-version-refused",), facts={"tls-version-refused": {"refused_by": "server"}}), Expect(modern)]


@scenario("tls_handshake_failed", "no cipher in common", Site(ciphers="ECDHE-ECDSA-AES256-GCM-SHA384"), codes=("tls-handshake-failed",))
def _handshake_failed(world: World) -> list[Expect]:
    phone = iphone(world)
    get(phone, world.url("LDI", OLD), "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256")
    return [Expect(phone, ("tls-handshake-failed",), facts={"tls-handshake-failed": {"alert": 40}})]


@scenario("tls_unknown_name", "the listener has no site of that name", Site(refuse_names=True), codes=("tls-handshake-failed",))
def _unknown_name(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    return [Expect(phone, ("tls-handshake-failed",), facts={"tls-handshake-failed": {"alert": 112}})]


def _resumed(name: str, version: str, how: str) -> None:
    @scenario(f"tls_resumed_{name}", f"phones take up {version} sessions again ({how}): no certificate to be seen", Site(tls=version, resume=how))
    def play(world: World) -> list[Expect]:
        phones = two(world)
        for phone in phones:
            discover(world, phone)
            first = world.url("EXT", "/WebTicket/WebTicketService.svc/mex")
            # one program, its connections one after the other
            get(phone, first, "-H", "Connection: close", first, first)
            lync_external(world, phone)
        return [Expect(p) for p in phones]


_resumed("12", "TLSv1.2", "ticket")
_resumed("12_id", "TLSv1.2", "id")
_resumed("13", "TLSv1.3", "ticket")


@scenario("tls_preconnect", "phones open connections that they do not use", Site(tls="TLSv1.2 TLSv1.3"))
def _preconnect(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    host = world.names["EXT"]
    argv = ["openssl", "s_client", "-connect", f"{host}:443", "-servername", host, "-CAfile", str(phone.roots), "-verify_return_error"]
    phone.box.run(*argv, check=False, input="Q\n")
    lync_external(world, phone)
    phone.box.run(*argv, check=False, input="Q\n")
    return [Expect(phone)]
