"""A model hub's failures as ours, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chatbot.errors import NotReady
from chatbot.local_model.catalogue import Model
from chatbot.local_model.sources.failures import LoginNeeded, SourceUnreachable

TOKEN_PAGE = "https://huggingface.co/settings/tokens"  # noqa: S105 - an address


@contextmanager
def hub_errors(model: Model, token: str) -> Iterator[None]:
    """The hub's failures as ours, each with what to do."""
    import httpx2
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    login = (f"Accept the licence at {model.page} with your account, make a read token at {TOKEN_PAGE}, "
             "set HUGGINGFACE_API_KEY to it, and run `python setup_huggingface.py` again.")
    try:
        yield
    except GatedRepoError as error:
        raise LoginNeeded(f"{model.repository} is gated"
                          + ("; your token's account has no access yet." if token else " and no token is set."),
                          remedy=login) from error
    except RevisionNotFoundError as error:
        raise NotReady(f"{model.repository} has no such commit.", remedy="Check LOCAL_MODEL_REVISION.") from error
    except RepositoryNotFoundError as error:   # the hub says 401 also for what does not exist
        raise LoginNeeded(f"The hub does not show {model.repository}"
                          + ("; your token is wrong or has no access." if token else " without a token."),
                          remedy=login) from error
    except (HfHubHTTPError, httpx2.HTTPStatusError) as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise LoginNeeded(f"The hub refuses {model.repository} ({status}).", remedy=login) from error
        raise SourceUnreachable(f"The hub answers {status}.", remedy="Try again later.") from error
    except (httpx2.HTTPError, OfflineModeIsEnabled, OSError) as error:
        raise SourceUnreachable(f"The hub cannot be reached ({type(error).__name__}).",
                             remedy="Check the network, HF_ENDPOINT and HF_HUB_OFFLINE; or use `--embedded`."
                             ) from error
