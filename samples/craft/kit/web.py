"""HTTP messages, and a web connection that speaks them over TLS or in clear."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from kit.talk import Talk, Who
from kit.tls import Tls12, Tls13

REASONS: Final = {
    200: "OK", 302: "Found", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 451: "Unavailable For Legal Reasons",
    500: "Internal Server Error", 503: "Service Unavailable", 511: "Network Authentication Required",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A response: status, body, its content type, further headers."""

    status: int = 200
    body: str = ""
    kind: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        body = self.body.encode()
        head = {
            "Cache-Control": "no-cache",
            "Content-Type": self.kind,
            "Server": "Microsoft-IIS/10.0",
            **self.headers,
            "Content-Length": str(len(body)),
        }
        lines = [f"HTTP/1.1 {self.status} {REASONS[self.status]}", *(f"{k}: {v}" for k, v in head.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body


def request(method: str, path: str, host: str, agent: str, headers: dict[str, str], body: str) -> bytes:
    """A request."""
    head = {"Host": host, "User-Agent": agent, "Accept": "*/*", **headers}
    if body:
        head["Content-Length"] = str(len(body.encode()))
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in head.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body.encode()


class Web:
    """An open connection to a web server. Leaving its ``with`` block closes it from the client's side."""

    def __init__(self, talk: Talk, host: str, agent: str, secure: Tls12 | Tls13 | None = None) -> None:
        self.talk = talk
        self.host = host
        self.agent = agent
        self.secure = secure
        self.closed = False

    def get(self, path: str, answer: Answer, **headers: str) -> None:
        """A GET and its answer. ``headers`` with ``_`` for ``-``."""
        self.ask("GET", path, answer, **headers)

    def post(self, path: str, answer: Answer, body: str = "<r/>", **headers: str) -> None:
        """A POST and its answer."""
        self.ask("POST", path, answer, body, **headers)

    def ask(self, method: str, path: str, answer: Answer | None, body: str = "", **headers: str) -> None:
        """A request; its answer if there is one."""
        data = request(method, path, self.host, self.agent, {k.replace("_", "-"): v for k, v in headers.items()}, body)
        (self.secure.request if self.secure else self.talk.say)(data)
        if answer:
            self.told(answer)

    def told(self, answer: Answer) -> None:
        """An answer alone: that of an earlier question."""
        (self.secure.response if self.secure else self.talk.answer)(answer.bytes())

    def close(self, by: Who = "client") -> None:
        """close_notify where there is TLS, and the end of the conversation."""
        if self.secure:
            self.secure.goodbye(by)
        self.talk.close(by)
        self.closed = True

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.closed:
            self.close()
