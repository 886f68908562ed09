"""Files of an S3 bucket, or of anything that speaks S3 (MinIO, Ceph, R2: S3_ENDPOINT_URL).

Only GetObject is used: the manifest says which files there are. Credentials come from where boto3 looks for them: the
environment, a profile, or the instance's role. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from chatbot.local_model.sources.extras import need
from chatbot.local_model.sources.failures import Cut, LoginNeeded, refusal
from chatbot.local_model.sources.origin import Origin, Stream

_BLOCK = 1 << 18
_LATER = frozenset({"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "RequestLimitExceeded"})


class S3(Origin):
    """`prefix` is the folder in `bucket`."""

    def __init__(self, bucket: str, prefix: str, endpoint: str = "") -> None:
        need("boto3")
        import boto3
        from botocore.config import Config

        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        options = Config(connect_timeout=10, read_timeout=30, retries={"total_max_attempts": 1},
                         response_checksum_validation="when_required")
        session = boto3.session.Session()
        self._client: Any = session.client("s3", endpoint_url=endpoint or None, config=options,
                                           region_name=session.region_name or "us-east-1")

    def size(self, name: str) -> int:
        with self._errors(name):
            return int(self._client.head_object(Bucket=self._bucket, Key=self._prefix + name)["ContentLength"])

    @contextmanager
    def open(self, name: str, start: int = 0, version: str = "") -> Iterator[Stream]:
        wishes = {"Range": f"bytes={start}-"} if start else {}
        if start and version:
            wishes["IfMatch"] = version
        with self._errors(name):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name, **wishes)
            resumed = start if answer.get("ContentRange") else 0
            with closing(answer["Body"]) as body:
                yield Stream(resumed, str(answer.get("ETag", "")), body.iter_chunks(_BLOCK))

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            raise self._ours(name, error.response) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise LoginNeeded("No AWS credentials are here.",
                              remedy="Give the instance a role with s3:GetObject on the bucket, or set "
                                     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.") from error
        except (BotoCoreError, HTTPError) as error:
            raise Cut(f"The transfer of {name} broke ({type(error).__name__}).",
                      remedy="Check the network and S3_ENDPOINT_URL; then try again.") from error

    def _ours(self, name: str, said: Any) -> Exception:
        status = int(said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = str(said.get("Error", {}).get("Code", ""))
        return refusal(status, f"{self._prefix}{name}", f"The bucket {self._bucket}", later=code in _LATER, said=code,
                       remedy="Allow this machine's role s3:GetObject on it.")
