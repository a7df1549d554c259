"""The command line: parses arguments, prints, gives exit codes."""


def main() -> int:
    """Entry point of the ``pcapkit`` command."""
    raise NotImplementedError
