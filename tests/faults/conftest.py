"""A fault that several tests have."""

import socket
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.support.outcomes")


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Return a port whose queue is full: the kernel answers no further SYN."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        filler = [socket.socket() for _ in range(3)]
        for each in filler:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for each in filler:
            each.close()
