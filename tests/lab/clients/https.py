"""A client on Python's ssl: https.py URL ROOTS."""

from __future__ import annotations

import ssl
import sys
import urllib.request

context = ssl.create_default_context(cafile=sys.argv[2])
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=4, context=context).status)
except OSError as error:
    print(error)
