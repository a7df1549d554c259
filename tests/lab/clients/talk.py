"""A connection held open: talk.py HOST PORT ROOTS COUNT GAP PATH   asks PATH ``COUNT`` times on one connection, ``GAP`` s apart. ROOTS ``-``: without TLS."""

from __future__ import annotations

import http.client
import ssl
import sys
import time

host, port, roots, count, gap, path = sys.argv[1:7]
if roots == "-":
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
else:
    connection = http.client.HTTPSConnection(host, int(port), timeout=30, context=ssl.create_default_context(cafile=roots))
try:
    for number in range(int(count)):
        time.sleep(float(gap) if number else 0)
        connection.request("GET", path)
        connection.getresponse().read()
    time.sleep(float(gap))
except (OSError, http.client.HTTPException) as error:
    print(error)
