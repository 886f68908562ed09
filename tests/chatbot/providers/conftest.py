"""Each cloud row of the index as a live provider, pointed at one loopback server for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatbot.providers import PROVIDERS
from chatbot.providers.chat_completions import ChatCompletionsProvider
from tests.chatbot.providers.asking import KEY, Ask, pointed_at
from tests.loopback import LoopbackProvider

CLOUD_ROWS = [row for row in PROVIDERS.values() if row.sdk is not None]


@pytest.fixture(scope="session")
def _upstream() -> Iterator[LoopbackProvider]:
    with LoopbackProvider(key=KEY) as upstream:
        yield upstream


@pytest.fixture
def upstream(_upstream: LoopbackProvider) -> LoopbackProvider:
    """A provider on this machine that answers well until told otherwise."""
    return _upstream.reset()


@pytest.fixture(params=CLOUD_ROWS, ids=lambda row: row.name, scope="session")
def provider(request: pytest.FixtureRequest, _upstream: LoopbackProvider) -> Iterator[ChatCompletionsProvider]:
    """Each cloud of the index in turn."""
    provider = pointed_at(_upstream, request.param)
    yield provider
    provider.close()


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Both wire modes in turn."""
    return bool(request.param)


@pytest.fixture
def ask(provider: ChatCompletionsProvider, upstream: LoopbackProvider, stream: bool) -> Ask:
    """One try at each cloud in each wire mode, with `upstream` at the other end."""
    return Ask(provider, stream)


@pytest.fixture(params=["together", "openai"])
def sdk_provider(request: pytest.FixtureRequest, upstream: LoopbackProvider) -> Iterator[ChatCompletionsProvider]:
    """One fresh provider for each SDK: for what depends on the SDK and its HTTP stack, not on the row."""
    provider = pointed_at(upstream, PROVIDERS[request.param])
    yield provider
    provider.close()
