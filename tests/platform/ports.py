"""Free loopback ports for servers that cannot pick one themselves."""

from __future__ import annotations

import random
import socket

# Below the range from which Linux hands out ports to outgoing connections: a port
# from there could be taken between our look and the server's start.
_RANGE = range(20_000, 32_000)
_GIVEN: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on and that this process has not given out before.

    Picked at random, so that test processes which start at the same moment do not
    all try the same one.
    """
    for port in random.sample(_RANGE, 1000):
        if port in _GIVEN:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _GIVEN.add(port)
        return port
    raise OSError("no free loopback port found")


def listens(address: str) -> bool:
    """Whether something accepts connections at ``host:port``."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True
