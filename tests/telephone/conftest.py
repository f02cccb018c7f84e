from collections.abc import Iterator

import pytest

from tests.telephone import sip_peers
from tests.telephone.sip_peers import Janus


@pytest.fixture(scope="module")
def janus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Janus]:
    """A gateway for all tests of a module."""
    with sip_peers.janus(tmp_path_factory.mktemp("janus")) as gateway:
        yield gateway
