"""The process that captures: standard library only, few privileges, and it reads no packet.

``main`` is started as a process of its own (``pcapkit.capture.live``). It guards a ``dumpcap`` or ``tcpdump`` (``guard``), or captures itself from an
interface (``ring``) or from datagrams that carry mirrored packets (``datagrams``). It ends when its standard input does: when the analyzer asks, or dies.
"""
