"""A credential crosses the wire in clear text."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import exchanges, host_of, url_of
from pcapkit.rules._texts import who
from pcapkit.sessions.credentials import clear_credentials
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="http-cleartext-credentials",
    severity="critical",
    title="Credentials were sent in clear text",
    meaning="The device sent something that signs its user in over plain HTTP: everybody on the path can read and use it.",
    recognised="Authorization (Basic, Digest, NTLM, Negotiate, Bearer), X-MS-WebTicket, grant_type=password or a cookie that signs in, in a request without TLS, to a host of a session.",
    wireshark="http.authorization, http.cookie or the form body.",
    display_filter="http.authorization || http.cookie",
    remedy=(
        "Stop it now: use https only on that URL (iPhone ActiveSync accounts may have http:// typed into their settings).",
        "Change the password of the user concerned.",
    ),
    how_sure="High: it is in the capture. The value itself is never shown.",
    facts={"host": "host it went to", "header": "where it stands", "scheme": "kind of credential"},
    sources=("RFC 7617, 4",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, host and kind of credential."""
    done: set[tuple[str, str, str]] = set()
    for placed in exchanges(scene):
        session, attempt, exchange = placed
        if exchange.secure or exchange.request_ref is None or (attempt.tls and attempt.tls.hello):
            continue
        for credential in clear_credentials(exchange):
            key = (session.id, host_of(placed), credential.scheme)
            if key in done:
                continue
            done.add(key)
            yield Hit(
                subject=(host_of(placed), exchange.path),
                severity="critical",
                confidence="high",
                because=("the request is in the capture, in clear text",),
                headline=f"{who(session.device)} sent {credential.scheme} credentials to {host_of(placed)} over plain HTTP.",
                evidence=((exchange.request_ref, f"{url_of(placed)} with {credential.header}: {credential.scheme} (value not shown)"),),
                facts={"host": host_of(placed), "header": credential.header, "scheme": credential.scheme},
                device_facts={"scheme": credential.scheme},
                device=session.device.id,
                session=session,
                attempt=attempt,
            )
