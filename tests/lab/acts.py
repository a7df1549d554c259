"""What phones do: requests by different TLS libraries, and the sign-ins made of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pki import truststore
from world import Phone, World

CLIENTS = Path(__file__).parent / "clients"
LIBRARIES = ("curl", "python", "openssl", "gnutls", "git", "java", "node", "nss")
"""curl, Python and openssl use OpenSSL and refuse at once; node on OpenSSL and git on GnuTLS refuse late; GnuTLS, JSSE and NSS have their own ways."""
PASSWORD = "Correct-Horse-9"
TICKET = "X-MS-WebTicket: opaque=c2VjcmV0LXRpY2tldC1vZi10aGUtbGFi"
AGENTS = {
    "ios": "Apple-iPhone13C2/1901.346",
    "android": "Android-Mail/2024.10",
    "windows-phone": "MSFT-WP/8.10.14219",
    "windows": "OC/16.0 (Skype for Business)",
}


@cache
def available(tool: str) -> bool:
    """The client is installed."""
    if tool == "nss":
        import ctypes.util

        return ctypes.util.find_library("nss3") is not None
    return shutil.which({"gnutls": "gnutls-cli", "python": sys.executable}.get(tool, tool)) is not None


def get(
    phone: Phone,
    url: str,
    *more: str,
    tool: str = "curl",
    user: bool = False,
    post: bool = False,
    wait: float = 4.5,
) -> int:
    """One request; the status (0: none, or not told). ``more``: options of curl. ``user``: with the user's credentials."""
    status = _curl(phone, url, more, user=user, post=post, wait=wait) if tool == "curl" else _other(phone, url, tool, wait)
    phone.commands.append({"tool": tool, "url": url, "http_code": status})
    return status


def environment(phone: Phone, **more: str) -> Mapping[str, str]:
    keys = {"SSLKEYLOGFILE": str(phone.keys)} if phone.keys else {}
    return {**os.environ, **keys, **more}


def _command(phone: Phone, url: str, more: tuple[str, ...], *, user: bool, post: bool, wait: float) -> list[str]:
    more = (*phone.habits, *more)
    version = [] if "--http2" in more else ["--http1.1"]
    argv = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code} ", *version, "--cacert", str(phone.roots), "--connect-timeout", str(wait)]
    argv += ["-m", str(wait + 3), "-A", AGENTS.get(phone.platform, "curl"), *more]
    if user:
        argv += ["-H", TICKET] if "root/user" in url else ["-u", f"pilar:{PASSWORD}"]
    return [*argv, *(["-X", "POST", "-d", "<r/>"] if post else []), url]


def _curl(phone: Phone, url: str, more: tuple[str, ...], *, user: bool, post: bool, wait: float) -> int:
    argv = _command(phone, url, more, user=user, post=post, wait=wait)
    codes = phone.box.run(*argv, check=False, env=environment(phone)).stdout.split()
    return int(codes[-1]) if codes and codes[-1].isdigit() else 0


def begin(phone: Phone, url: str, *more: str, post: bool = False, user: bool = False, wait: float = 20) -> subprocess.Popen[bytes]:
    """The same in the background."""
    return phone.box.start(*_command(phone, url, more, user=user, post=post, wait=wait), env=environment(phone))


def client(phone: Phone, name: str, *argv: str, wait: float = 30) -> str:
    """One of the small programs of ``clients/``; what it prints."""
    done = phone.box.run("timeout", str(wait), sys.executable, str(CLIENTS / f"{name}.py"), *argv, check=False, env=environment(phone))
    return done.stdout


def begin_client(phone: Phone, name: str, *argv: str) -> subprocess.Popen[bytes]:
    """The same in the background."""
    return phone.box.start(sys.executable, str(CLIENTS / f"{name}.py"), *argv, env=environment(phone))


def ask(phone: Phone, server: str, kind: str, *names: str) -> str:
    """Questions that no connection follows."""
    return client(phone, "ask", server, kind, *names)


def _other(phone: Phone, url: str, tool: str, wait: float) -> int:
    """Clients that tell no status: 200 where they end well."""
    host = url.split("//", 1)[1].split("/", 1)[0]
    roots = str(phone.roots)
    script = f"require('https').get('{url}',r=>{{r.resume();r.on('end',()=>process.exit(0))}}).on('error',()=>process.exit(1))"
    connect = ["-connect", f"{host}:443", "-servername", host, "-CAfile", roots, "-verify_return_error", "-quiet"]
    argv, given = {
        "python": ([sys.executable, str(CLIENTS / "https.py"), url, roots], ""),
        "openssl": (["openssl", "s_client", *connect], f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        "gnutls": (["gnutls-cli", "--x509cafile", roots, host], f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        "git": (["git", "-c", "http.lowSpeedTime=4", "ls-remote", url.split("?")[0]], ""),
        "java": ([sys.executable, str(CLIENTS / "java.py"), url, str(truststore(phone.roots))], ""),
        "node": (["node", "-e", script], ""),
        "nss": ([sys.executable, str(CLIENTS / "nss.py"), url, roots], ""),
    }[tool]
    env = environment(phone, NODE_EXTRA_CA_CERTS=roots, GIT_SSL_CAINFO=roots, GIT_TERMINAL_PROMPT="0")
    done = phone.box.run("timeout", str(wait + 3), *argv, check=False, input=given, env=env)
    return 200 if done.returncode == 0 else 0


# ---------------------------------------------------------------- sign-ins


def discover(world: World, phone: Phone, host: str = "LDI", scheme: str = "https", **kw: object) -> int:
    """The first request of a Lync client."""
    return get(phone, world.url(host, f"/?sipuri=sip:pilar@{world.names['domain']}", scheme), **kw)  # type: ignore[arg-type]


def lync_inside(world: World, phone: Phone) -> None:
    """The normal sign-in: internal name, internal web, then the external web services name for ticket and mobility."""
    if discover(world, phone):
        get(phone, world.url("INTW", "/Autodiscover/AutodiscoverService.svc/root/domain"))
    lync_external(world, phone)


def lync_external(world: World, phone: Phone) -> None:
    """What follows discovery."""
    user = world.url("EXT", f"/Autodiscover/AutodiscoverService.svc/root/user?originalDomain={world.names['domain']}")
    if not get(phone, user):
        return
    get(phone, world.url("EXT", "/WebTicket/WebTicketService.svc/mex"))
    get(phone, world.url("EXT", "/WebTicket/WebTicketService.svc/Auth"), post=True)
    get(phone, world.url("EXT", "/WebTicket/WebTicketService.svc/Auth"), post=True, user=True)
    get(phone, user, user=True)
    get(phone, world.url("EXT", "/Mcx/McxService.svc"), post=True)


def lync_fallback(world: World, phone: Phone) -> None:
    """Windows Phone: the internal name fails, the external one is tried."""
    if not discover(world, phone):
        discover(world, phone, "LD")
    lync_external(world, phone)


AUTODISCOVER = "/autodiscover/autodiscover.xml"
SYNC = "/Microsoft-Server-ActiveSync?Cmd=Sync&User=pilar&DeviceId=ApplC37J&DeviceType=iPhone"


def exchange(world: World, phone: Phone) -> None:
    """Steps 1 and 2 of Exchange's order, then ActiveSync."""
    get(phone, world.url("domain", AUTODISCOVER), post=True)
    get(phone, world.url("AD", AUTODISCOVER), post=True)
    if get(phone, world.url("AD", AUTODISCOVER), post=True, user=True) == 200:
        get(phone, world.url("MAIL", SYNC), post=True, user=True)


def browse(phone: Phone) -> None:
    """An ordinary web page outside."""
    get(phone, "https://www.example.com/")
