"""Answers datagrams: echo.py ADDRESS:PORT…   (what a QUIC or VPN server does, as far as lengths and directions go)."""

from __future__ import annotations

import os
import selectors
import socket
import sys

chooser = selectors.DefaultSelector()
for where in sys.argv[1:]:
    address, _, port = where.rpartition(":")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, int(port)))
    chooser.register(sock, selectors.EVENT_READ)
while True:
    for key, _ in chooser.select():
        data, peer = key.fileobj.recvfrom(2048)  # type: ignore[union-attr]
        key.fileobj.sendto(data[:9] + os.urandom(max(0, len(data) - 9)), peer)  # type: ignore[union-attr]
