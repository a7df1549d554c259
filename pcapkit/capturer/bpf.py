"""Capture filters: compiled by libpcap, run by the kernel (SO_ATTACH_FILTER)."""

from __future__ import annotations

import ctypes
import ctypes.util
import socket
from typing import Final

from pcapkit.capturer.main import MISSING, Ends

_SO_ATTACH_FILTER: Final = 26
_NETMASK_UNKNOWN: Final = 0xFFFFFFFF


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.c_void_p))


class _SocketProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def attach(sock: socket.socket, expression: str, link_type: int, snaplen: int) -> None:
    """Let a socket deliver only packets that match.

    Raises:
        Ends: libpcap is not there, or the expression is wrong.
    """
    name = ctypes.util.find_library("pcap") or "libpcap.so.0.8"
    try:
        pcap = ctypes.CDLL(name)
    except OSError:
        raise Ends(MISSING, "a capture filter (-f) needs libpcap: sudo apt install libpcap0.8, or dumpcap or tcpdump") from None
    pcap.pcap_open_dead.restype = ctypes.c_void_p
    pcap.pcap_geterr.restype = ctypes.c_char_p
    handle = ctypes.c_void_p(pcap.pcap_open_dead(link_type, snaplen))
    program = _Program()
    if pcap.pcap_compile(handle, ctypes.byref(program), expression.encode(), 1, ctypes.c_uint32(_NETMASK_UNKNOWN)):
        raise Ends(2, f"-f {expression}: {pcap.pcap_geterr(handle).decode('utf-8', 'replace')}")
    plain = _SocketProgram(program.length, program.instructions)
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(plain))
