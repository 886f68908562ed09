"""Every failure this system knows, as one tree; each error says whether to try the next provider.

    FunzaError
    ├── InvalidInput             the caller's mistake: nobody else is tried, nothing is charged
    │   ├── TooLong              over a limit of size or tokens
    │   ├── ContextTooLong       the conversation does not fit the model (the provider said so)
    │   ├── NotThatKind          a file that is none of the kinds we read, or not what its name says
    │   ├── Unreadable           a file of the right kind that we cannot use: locked, broken, scanned, harmful
    │   └── UnknownModel         a model or provider name that is not in our index
    ├── NotFound                 no such record, stage or card
    ├── NotAllowed               policy forbids it (CLOUD_POLICY, a role)
    │   └── BudgetExhausted      the budget of the key, or of the installation, has no room for it
    ├── NoProvider               every provider in the chain was tried or skipped
    │   └── NotConsented         this machine's model cannot answer, and the words may not leave it
    ├── Overloaded               more calls at once than this server takes: nobody was asked
    ├── ServerStopping           the server goes down, and the answer was not finished in time
    ├── QuizUnavailable          not one good item could be made; never a half quiz
    ├── LedgerUnavailable        the `reserved` row could not commit, so no call was made
    ├── RecordsUnavailable       records beside the ledger cannot be read or written now
    ├── Conflict                 the record is not as the request expects it
    │   ├── VersionConflict      somebody else changed it in the meantime
    │   ├── WrongState           its state does not allow this step
    │   ├── HasFlaws             the lint has a blocking finding
    │   └── AskedTwice           the same request came a moment ago (a double click)
    └── ProviderError            one try at one provider failed
        ├── Unreachable          refused, or reset before the request was sent
        │   ├── UnknownHost      its name does not resolve
        │   └── Untrusted        no trustworthy TLS, or a redirect elsewhere: no key and no word was sent
        ├── TimedOut             the provider itself says that it took too long
        │   ├── NoFirstToken  ├── Stalled (a silent gap)  └── OutOfTime (the total deadline)
        ├── RateLimited          429; carries `retry_after` in seconds when the provider gave one
        ├── OutOfCredit          402, or 429 with a billing code
        ├── ServerFailed         5xx
        │   ├── ColdStart        an endpoint that sleeps and has begun to wake
        │   ├── ChildDied        the process that holds the local model's weights ended while it was needed
        │   └── GpuFailed        the GPU ran out of memory or failed: that process is thrown away
        ├── EndpointPaused       its owner has paused it: it does not wake by itself
        ├── BadKey               401, 403: our key, never the client's fault
        ├── ModelRetired         404, 410, or 400 `model_not_available`: this model is gone, not its provider
        ├── Refused              another 4xx: the provider does not take this request
        ├── Filtered             a content filter stopped the answer
        ├── BadAnswer            an answer came and is not usable
        │   ├── EmptyAnswer  ├── NotText (HTML, wrong type)  ├── Malformed  ├── Truncated
        │   ├── Looping      ├── Unsupported (says what its passages do not)  └── SchemaBroken
        ├── Busy                 the queue is full
        └── NotReady             weights missing, no memory, no engine; says the remedy

`ends` is the ledger state of the failed attempt: `released` (the provider cannot have billed),
`unknown` (it may have: an estimate stays in the books) or `settled` (an answer came, with its usage).
Rules: faults.md section 1.
"""

from __future__ import annotations

from typing import ClassVar, Literal

End = Literal["settled", "released", "unknown"]


class FunzaError(Exception):
    """Base. `detail` is safe to show a client; `field` names the input at fault, `remedy` what to do."""

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong on our side"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, field: str | None = None, remedy: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.remedy = remedy


class InvalidInput(FunzaError):
    code = "invalid_input"
    title = "The request is not valid"


class TooLong(InvalidInput):
    code = "too_long"
    title = "The request is too long"


class ContextTooLong(InvalidInput):
    code = "conversation_too_long"
    title = "The conversation is longer than the model can read"
    kind: ClassVar[str] = "context"

    def __init__(self, detail: str = "", *, limit: int | None = None, field: str | None = None,
                 remedy: str | None = None) -> None:
        says = f"{self.title}: {limit} tokens is the most." if limit else ""
        super().__init__(detail or says, field=field, remedy=remedy)
        self.limit = limit
        """Tokens that the model can read, when the provider said so."""


class NotThatKind(InvalidInput):
    code = "not_that_kind"
    title = "This kind of file cannot be read"


class Unreadable(InvalidInput):
    code = "unreadable_file"
    title = "The file cannot be read"


class UnknownModel(InvalidInput):
    code = "unknown_model"
    title = "There is no such model here"


class NotFound(FunzaError):
    code = "not_found"
    title = "There is nothing here"


class NotAllowed(FunzaError):
    code = "not_allowed"
    title = "The policy of this installation does not allow it"


class BudgetExhausted(NotAllowed):
    code = "budget_exhausted"
    title = "The budget has no room for this request"


class NoProvider(FunzaError):
    code = "provider_unavailable"
    title = "No model can answer now"
    retryable = True

    def __init__(self, detail: str = "", *, retry_after: float = 5.0, remedy: str | None = None) -> None:
        super().__init__(detail, remedy=remedy)
        self.retry_after = retry_after


class NotConsented(NoProvider):
    code = "local_unavailable_cloud_not_consented"
    title = "The model on this machine cannot answer, and your words may not leave it"


class Overloaded(FunzaError):
    code = "busy"
    title = "Too many questions at once"
    retryable = True

    def __init__(self, detail: str = "", *, retry_after: float = 5.0) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ServerStopping(FunzaError):
    code = "server_restart"
    title = "The server restarts, and the answer was not finished in time"
    retryable = True


class QuizUnavailable(FunzaError):
    code = "quiz_unavailable"
    title = "No good quiz item could be made"
    retryable = True


class LedgerUnavailable(FunzaError):
    code = "ledger_unavailable"
    title = "The cost ledger cannot be written, so no model was called"
    retryable = True


class RecordsUnavailable(FunzaError):
    code = "records_unavailable"
    title = "The database does not answer now"
    retryable = True


class Conflict(FunzaError):
    code = "conflict"
    title = "The record is not as this request expects it"


class VersionConflict(Conflict):
    code = "version_conflict"
    title = "Somebody changed this in the meantime"


class WrongState(Conflict):
    code = "wrong_state"
    title = "The state of this record does not allow that step"


class HasFlaws(Conflict):
    code = "has_blocking_findings"
    title = "The item has a flaw that must be mended first"


class AskedTwice(Conflict):
    code = "asked_twice"
    title = "The same request came a moment ago"


class ProviderError(FunzaError):
    """One try failed. `same_again`: a second try at the same provider may help. `try_next`: another may."""

    code = "provider_unavailable"
    title = "The model could not answer"
    retryable = True
    kind: ClassVar[str] = "provider_error"
    ends: End = "released"
    same_again: ClassVar[bool] = False
    try_next: ClassVar[bool] = True

    def __init__(self, detail: str = "", *, retry_after: float | None = None, status: int | None = None,
                 ends: End | None = None, remedy: str | None = None) -> None:
        super().__init__(detail, remedy=remedy)
        self.retry_after = retry_after
        self.status = status
        if ends is not None:
            self.ends = ends


class Unreachable(ProviderError):
    kind = "connect"


class UnknownHost(Unreachable):
    kind = "dns"


class Untrusted(Unreachable):
    kind = "tls"


class Redirected(Untrusted):
    kind = "redirect"


class TimedOut(ProviderError):
    kind = "timeout"
    ends = "unknown"


class NoFirstToken(TimedOut):
    kind = "ttft_timeout"


class Stalled(TimedOut):
    code = "upstream_stalled"
    title = "The model stopped in the middle of its answer"
    kind = "stalled"


class OutOfTime(TimedOut):
    code = "upstream_stalled"
    title = "The model's answer took too long"
    kind = "total_timeout"


class RateLimited(ProviderError):
    code = "busy"
    title = "The model is busy"
    kind = "rate_limit"
    same_again = True


class OutOfCredit(ProviderError):
    kind = "out_of_credit"


class ServerFailed(ProviderError):
    kind = "server_error"
    same_again = True


class ColdStart(ServerFailed):
    kind = "cold_start"
    same_again = False


class ChildDied(ServerFailed):
    kind = "child_died"
    same_again = False


class GpuFailed(ServerFailed):
    kind = "gpu_failed"
    same_again = False


class EndpointPaused(ProviderError):
    code = "endpoint_paused"
    title = "The endpoint that draws is paused"
    retryable = False
    kind = "paused"
    try_next = False


class BadKey(ProviderError):
    kind = "bad_key"


class ModelRetired(ProviderError):
    kind = "model_retired"


class Refused(ProviderError):
    kind = "refused"


class Filtered(ProviderError):
    kind = "filter"
    ends = "settled"


class BadAnswer(ProviderError):
    code = "bad_upstream"
    title = "The model's answer was not usable"
    kind = "bad_answer"
    ends: End = "settled"
    same_again = True
    repair: str = ""
    """What to tell the model when it is asked again; empty to ask the same."""


class EmptyAnswer(BadAnswer):
    code = "empty_answer"
    title = "The model's answer was empty"
    kind = "empty"


class NotText(BadAnswer):
    kind = "not_text"
    ends = "released"
    same_again = False


class Malformed(BadAnswer):
    kind = "malformed"
    ends = "unknown"


class Truncated(BadAnswer):
    code = "truncated"
    title = "The answer was cut off"
    kind = "truncated"


class Looping(BadAnswer):
    code = "looping"
    title = "The answer repeats itself"
    kind = "looping"


class Unsupported(BadAnswer):
    kind = "unsupported"
    same_again = False


class SchemaBroken(BadAnswer):
    kind = "schema"


class Busy(ProviderError):
    code = "busy"
    title = "The model is busy"
    kind = "busy"


class NotReady(ProviderError):
    kind = "not_ready"
