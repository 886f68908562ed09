"""Why a picture that was asked for is not drawn, or not given out, as our errors.

InvalidInput
└── PromptRefused       400   its words break a rule of `prompt_safety.toml`; nobody was asked, nothing charged
NotFound
└── NoSuchPicture       404
Conflict
└── NotDescribedYet     409   a picture without alt text is not given out
TooManyJobs             429   this principal has enough pictures under way
StorageFailed           503   the picture's file cannot be written or read
"""

from __future__ import annotations

from typing import ClassVar

from chatbot.errors import Conflict, FunzaError, InvalidInput, NotFound


class PromptRefused(InvalidInput):
    code: ClassVar[str] = "prompt_refused"
    title: ClassVar[str] = "This picture is not drawn here"


class NoSuchPicture(NotFound):
    code: ClassVar[str] = "not_found"


class NotDescribedYet(Conflict):
    code: ClassVar[str] = "awaiting_alt_text"
    title: ClassVar[str] = "This picture has no alt text yet"


class TooManyJobs(FunzaError):
    code: ClassVar[str] = "too_many_open_jobs"
    title: ClassVar[str] = "You have enough pictures under way"
    retryable: ClassVar[bool] = True
    retry_after: ClassVar[float] = 10.0


class StorageFailed(FunzaError):
    code: ClassVar[str] = "storage_failed"
    title: ClassVar[str] = "The picture's file cannot be kept or read now"
    retryable: ClassVar[bool] = True
