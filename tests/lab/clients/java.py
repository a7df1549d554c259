"""A client on Java's own TLS (JSSE): java.py URL TRUSTSTORE.

The class is written here byte by byte (JVMS 4), so that a runtime without compiler is enough: ``new URL(args[0]).openStream()``.
"""

from __future__ import annotations

import os
import struct
import sys
import tempfile
from pathlib import Path


def text(value: str) -> bytes:
    return b"\1" + struct.pack(">H", len(value)) + value.encode()


def pair(tag: int, one: int, two: int) -> bytes:
    return struct.pack(">BHH", tag, one, two)


def get_class() -> bytes:
    """``public class Get { public static void main(String[] a) throws Exception { new URL(a[0]).openStream(); } }``"""
    names = ["Get", "java/lang/Object", "java/net/URL", "main", "([Ljava/lang/String;)V", "<init>", "(Ljava/lang/String;)V", "openStream",
             "()Ljava/io/InputStream;", "Code"]  # fmt: skip
    pool = [text(n) for n in names]  # 1 to 10
    pool += [b"\7" + struct.pack(">H", n) for n in (1, 2, 3)]  # 11 to 13: the classes
    pool += [pair(12, 6, 7), pair(12, 8, 9), pair(10, 13, 14), pair(10, 13, 15)]  # 16: URL.<init>, 17: URL.openStream
    code = b"\xbb\0\x0d\x59\x2a\x03\x32\xb7\0\x10\xb6\0\x11\x57\xb1"  # new, dup, aload_0, iconst_0, aaload, invokespecial, invokevirtual, pop, return
    body = struct.pack(">HHI", 4, 1, len(code)) + code + b"\0\0\0\0"
    method = struct.pack(">HHHH", 0x0009, 4, 5, 1) + struct.pack(">HI", 10, len(body)) + body
    head = b"\xca\xfe\xba\xbe" + struct.pack(">HHH", 0, 50, len(pool) + 1)
    return head + b"".join(pool) + struct.pack(">HHHHHH", 0x0021, 11, 12, 0, 0, 1) + method + b"\0\0"


url, store = sys.argv[1:3]
with tempfile.TemporaryDirectory() as folder:
    Path(folder, "Get.class").write_bytes(get_class())
    options = ["-XX:TieredStopAtLevel=1", "-Dsun.net.client.defaultConnectTimeout=4000", "-Dsun.net.client.defaultReadTimeout=4000"]
    options += [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit", "-Djavax.net.ssl.trustStoreType=PKCS12"]
    raise SystemExit(os.spawnvp(os.P_WAIT, "java", ["java", *options, "-cp", folder, "Get", url]))
