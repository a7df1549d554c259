"""A resolver's question: ask.py SERVER TYPE NAME…   (udp; ``dot:SERVER`` over TLS). Prints what was answered."""

from __future__ import annotations

import ssl
import sys

import dns.exception
import dns.message
import dns.query
import dns.rcode


def main() -> None:
    server, kind, *names = sys.argv[1:]
    for name in names:
        question = dns.message.make_query(name, kind)
        try:
            if server.startswith("dot:"):
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                reply = dns.query.tls(question, server[4:], timeout=2, ssl_context=context)
            else:
                reply = dns.query.udp(question, server, timeout=2)
            print(name, dns.rcode.to_text(reply.rcode()), *(str(record) for records in reply.answer for record in records))
        except (dns.exception.DNSException, OSError) as error:
            print(name, error)


main()
