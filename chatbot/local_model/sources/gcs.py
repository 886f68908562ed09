"""Files of a Google Cloud Storage bucket. Credentials: Application Default Credentials; without them, a public bucket.

GCS_ENDPOINT_URL names a server of one's own that speaks its JSON API; it is asked without credentials.
https://cloud.google.com/storage/docs/json_api/v1/objects/get
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from chatbot.local_model.sources.extras import need
from chatbot.local_model.sources.failures import Changed, Cut, Damaged, LoginNeeded, refusal
from chatbot.local_model.sources.origin import Origin, Stream

_BLOCK = 1 << 20
_ASK = 8 << 20
"""Bytes of one request: the library reads ranges, it does not stream."""
_TIMEOUT = 30.0


class Gcs(Origin):
    """`prefix` is the folder in `bucket`. A file's version is its generation, which every range is asked with."""

    def __init__(self, bucket: str, prefix: str, endpoint: str = "") -> None:
        need("google.cloud.storage")
        self._prefix = f"{prefix}/" if prefix else ""
        self._bucket: Any = _client(endpoint).bucket(bucket)

    def size(self, name: str) -> int:
        return int(self._look(name).size)

    @contextmanager
    def open(self, name: str, start: int = 0, version: str = "") -> Iterator[Stream]:
        blob = self._look(name)
        generation = str(blob.generation)
        if version and version != generation:
            raise Changed(name)
        if start > blob.size:
            raise Damaged(f"{name} is shorter in the bucket than expected.", remedy="Check what was pinned.")
        with self._errors(name), blob.open("rb", chunk_size=_ASK, timeout=_TIMEOUT, retry=None,
                                           if_generation_match=blob.generation, raw_download=True) as reader:
            reader.seek(start)
            yield Stream(start, generation, iter(partial(reader.read, _BLOCK), b""))

    def _look(self, name: str) -> Any:
        blob = self._bucket.blob(self._prefix + name)
        with self._errors(name):
            blob.reload(timeout=_TIMEOUT, retry=None)
        return blob

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import GoogleAuthError
        from requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except GoogleAPICallError as error:
            raise self._ours(name, int(error.code or 0)) from error
        except GoogleAuthError as error:
            raise LoginNeeded(f"Google's credentials do not work ({type(error).__name__}).",
                              remedy="Give the machine a service account that may read the bucket.") from error
        except (RequestException, HTTPError) as error:   # the library lets urllib3's own through
            raise Cut(f"The transfer of {name} broke ({type(error).__name__}).",
                      remedy="Check the network; then try again.") from error

    def _ours(self, name: str, status: int) -> Exception:
        return refusal(status, f"{self._prefix}{name}", "The bucket",
                       remedy="Give this machine's service account roles/storage.objectViewer on it.")


def _client(endpoint: str) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud import storage

    if endpoint:
        return storage.Client(project="none", credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
                              client_options={"api_endpoint": endpoint})
    try:
        return storage.Client()
    except (DefaultCredentialsError, OSError):   # OSError: no project is known, which reading does not need
        return storage.Client.create_anonymous_client()
