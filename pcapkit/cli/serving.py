"""``pcapkit tui --serve``: the browser in a web browser."""

from __future__ import annotations

from argparse import Namespace

from pcapkit.cli import errors, inputs, logs, settings

PORT = 8080


def serve(args: Namespace, variable: str) -> int:
    """Serve until Ctrl-C; ``variable`` of the environment tells the browsers that they are served.

    Raises:
        Fail: the address is wrong, or cannot be used.
    """
    logs.start(args)
    inputs.check(args)
    host, port = address(args.serve)
    config = settings.configuration(args)
    settings.analysis_options(args, config)
    settings.narrowing(args, config)
    from pcapkit_tui.serve import environment, is_loopback, serve

    if not is_loopback(host):
        errors.say(f"warning: {host} can be reached from elsewhere; whoever reaches port {port} sees the capture")
    environment(variable)
    try:
        serve(words_without_serve(args.words), host, port)
    except OSError as error:
        raise errors.Fail(errors.MISSING, f"{host}:{port}: cannot be served: {error.strerror or error}") from None
    return errors.OK


def address(text: str) -> tuple[str, int]:
    """``127.0.0.1:8080``, ``[::1]:8080``, ``:8080`` or a port alone.

    Raises:
        Fail: it is none of these.
    """
    host, colon, port = text.rpartition(":") if not text.isdigit() else ("", ":", text)
    host = host.strip("[]") or "127.0.0.1"
    if not colon or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        errors.usage(f"--serve {text}: write ADDR:PORT, such as 127.0.0.1:{PORT}")
    return host, int(port)


def words_without_serve(words: list[str]) -> list[str]:
    """The command line of the browser itself."""
    kept: list[str] = []
    skip = False
    for place, word in enumerate(words):
        if skip:
            skip = False
            continue
        if word == "--serve":
            following = words[place + 1] if place + 1 < len(words) else ""
            skip = following.rpartition(":")[2].isdigit() and not following.startswith("-")
        elif not word.startswith("--serve="):
            kept.append(word)
    return kept
