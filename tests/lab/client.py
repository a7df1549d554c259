"""A client on Python's ssl: client.py URL ROOTS."""

from __future__ import annotations

import ssl
import sys
import urllib.request

context = ssl.create_default_context(cafile=sys.argv[2])
try:
    urllib.request.urlopen(sys.argv[1], timeout=4, context=context).read()
except OSError as error:
    print(error)
