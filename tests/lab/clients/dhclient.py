"""A DHCP exchange as a phone makes it: DISCOVER, OFFER, REQUEST, ACK with the options of its platform (RFC 2131, 2132).

dhclient.py DEVICE MAC HOSTNAME PLATFORM   prints the address and the resolvers
"""

from __future__ import annotations

import os
import socket
import struct
import sys

OPTIONS = {
    "ios": (b"", bytes([1, 121, 3, 6, 15, 108, 114, 119, 252])),
    "android": (b"android-dhcp-14", bytes([1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114, 108])),
    "windows-phone": (b"MSFT 5.0", bytes([1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252])),
    "windows": (b"MSFT 5.0", bytes([1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252])),
}


def option(code: int, data: bytes) -> bytes:
    return bytes([code, len(data)]) + data if data else b""


def message(kind: int, xid: bytes, mac: bytes, name: str, platform: str, more: bytes = b"") -> bytes:
    vendor, wanted = OPTIONS[platform]
    head = struct.pack(">BBBB4sHH4s4s4s4s", 1, 1, 6, 0, xid, 0, 0x8000, *[b"\0" * 4] * 4) + mac.ljust(16, b"\0") + b"\0" * 192
    return (
        head
        + b"\x63\x82\x53\x63"
        + option(53, bytes([kind]))
        + option(61, b"\1" + mac)
        + option(12, name.encode())
        + option(60, vendor)
        + option(55, wanted)
        + more
        + b"\xff"
    )


def parse(data: bytes, xid: bytes) -> dict[int, bytes] | None:
    if len(data) < 240 or data[0] != 2 or data[4:8] != xid:
        return None
    found, at = {0: data[16:20]}, 240
    while at + 1 < len(data) and data[at] != 255:
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def main() -> None:
    device, mac_text, name, platform = sys.argv[1:5]
    mac, xid = bytes.fromhex(mac_text.replace(":", "")), os.urandom(4)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    sock.bind(("0.0.0.0", 68))
    sock.settimeout(1.0)

    def ask(packet: bytes, kind: int) -> dict[int, bytes]:
        for _ in range(6):
            sock.sendto(packet, ("255.255.255.255", 67))
            try:
                while True:
                    reply = parse(sock.recv(2048), xid)
                    if reply and reply.get(53) == bytes([kind]):
                        return reply
            except TimeoutError:
                continue
        raise SystemExit("no DHCP answer")

    offer = ask(message(1, xid, mac, name, platform), 2)
    lease = ask(message(3, xid, mac, name, platform, option(50, offer[0]) + option(54, offer[54])), 5)
    given = lease.get(6, b"")
    print(socket.inet_ntoa(offer[0]), *(socket.inet_ntoa(given[i : i + 4]) for i in range(0, len(given), 4)))


main()
