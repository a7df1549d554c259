"""The browser in a web browser, through textual-serve: on loopback unless another address is named; nothing is fetched from anywhere.

Whoever reaches the address sees the capture. Pages of other origins do not: the host that was asked for must be ours, and so must the origin.
"""

from __future__ import annotations

import ipaddress
import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aiohttp import web
from textual_serve.server import Server

POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""No script, style or font of another host: textual-serve's page asks for one."""
LOCAL: Final = frozenset(("localhost", "127.0.0.1", "::1"))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """The address is reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class BrowserServer(Server):
    """Starts one browser for each visitor."""

    def __init__(self, command: str, host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        super().__init__(command, host=host, port=port, title="pcapkit", public_url=f"http://{shown}:{port}")

    async def _make_app(self) -> web.Application:
        app: web.Application = await super()._make_app()
        app.middlewares.append(self._guard())
        return app

    def _guard(self) -> Any:
        host, port = self.host, self.port

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            asked, _, _ = request.host.rpartition(":") if request.host.endswith(f":{port}") else (request.host, "", "")
            if is_loopback(host) and asked.strip("[]") not in LOCAL | {host}:
                raise web.HTTPForbidden(text="This browser answers to its own address only.")
            origin = request.headers.get("Origin")
            if origin is not None and origin.partition("://")[2] != request.host:
                raise web.HTTPForbidden(text="Pages of other origins may not use this browser.")
            response = await handler(request)
            if not response.prepared:
                response.headers["Content-Security-Policy"] = POLICY
                response.headers["X-Content-Type-Options"] = "nosniff"
                response.headers["Referrer-Policy"] = "no-referrer"
            return response

        return guard

    async def on_startup(self, app: web.Application) -> None:
        """Say where."""
        sys.stderr.write(f"pcapkit: the browser is at {self.public_url} (Ctrl-C ends it)\n")
        sys.stderr.flush()

    def initialize_logging(self) -> None:
        """Messages go where the command line says."""


def serve(words: Sequence[str], host: str, port: int) -> None:
    """Serve ``pcapkit`` with these words until Ctrl-C.

    Raises:
        OSError: the address cannot be used.
    """
    command = shlex.join([sys.executable, "-m", "pcapkit", *words])
    BrowserServer(command, host, port).serve()


def environment(name: str) -> None:
    """Tell the browsers that are started that they are served."""
    os.environ[name] = "1"
