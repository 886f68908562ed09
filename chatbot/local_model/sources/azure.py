"""Files of an Azure Blob Storage container of AZURE_STORAGE_ACCOUNT.

AZURE_STORAGE_KEY is an account key or a SAS; without it the container must be public. AZURE_ENDPOINT_URL is another
address of the account (Azurite: http://127.0.0.1:10000/ACCOUNT).
https://learn.microsoft.com/rest/api/storageservices/get-blob
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatbot.local_model.sources.extras import need
from chatbot.local_model.sources.failures import Cut, Refused, refusal
from chatbot.local_model.sources.origin import Origin, Stream
from config import Settings

_ASK = 4 << 20


class Azure(Origin):
    """`prefix` is the folder in `container`."""

    def __init__(self, container: str, prefix: str, settings: Settings) -> None:
        need("azure.storage.blob")
        from azure.storage.blob import ContainerClient

        if not settings.azure_storage_account:
            raise Refused("az:// needs AZURE_STORAGE_ACCOUNT.", remedy="Set it to the name of the storage account.")
        account = settings.azure_storage_account
        self._prefix = f"{prefix}/" if prefix else ""
        self._container: Any = ContainerClient(
            settings.azure_endpoint_url or f"https://{account}.blob.core.windows.net", container,
            credential=settings.azure_storage_key.get_secret_value() or None, retry_total=0, connection_timeout=10,
            read_timeout=30, max_single_get_size=_ASK, max_chunk_get_size=_ASK)

    def size(self, name: str) -> int:
        with self._errors(name):
            return int(self._container.get_blob_client(self._prefix + name).get_blob_properties().size)

    @contextmanager
    def open(self, name: str, start: int = 0, version: str = "") -> Iterator[Stream]:
        from azure.core import MatchConditions

        same = {"etag": version, "match_condition": MatchConditions.IfNotModified} if start and version else {}
        with self._errors(name):
            download = self._container.get_blob_client(self._prefix + name).download_blob(offset=start or None, **same)
            yield Stream(start, str(download.properties.etag or ""), download.chunks())

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        from azure.core.exceptions import AzureError, HttpResponseError, IncompleteReadError

        try:
            yield
        except IncompleteReadError as error:   # an HttpResponseError with status 200
            raise self._cut(name, error) from error
        except HttpResponseError as error:
            raise self._ours(name, int(error.status_code or 0)) from error
        except AzureError as error:
            raise self._cut(name, error) from error

    @staticmethod
    def _cut(name: str, error: Exception) -> Cut:
        return Cut(f"The transfer of {name} broke ({type(error).__name__}).",
                   remedy="Check the network; then try again.")

    def _ours(self, name: str, status: int) -> Exception:
        return refusal(status, f"{self._prefix}{name}", "The container",
                       remedy="Set AZURE_STORAGE_KEY to a SAS that may read it.")
