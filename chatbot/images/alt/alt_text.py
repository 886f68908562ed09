"""Alt text for one picture: asked of a model that sees, held to the rules, mended once, then asked of the next one.

It is one metered call like every other: same chain, deadline, ledger and permit. An alt text that breaks a rule is a
failed try; when no model writes one that keeps them all, there is none. Nothing is ever invented in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatbot.calling.completion import Completion, Provenance
from chatbot.calling.validity import Gate, JsonGate
from chatbot.calls import Calls, Order
from chatbot.errors import BadAnswer, NoProvider, SchemaBroken
from chatbot.images import faces
from chatbot.images.alt.draft import SCHEMA, Draft, Wanted, tidied
from chatbot.images.alt.prompt import messages_for
from chatbot.images.alt.rules import Finding, check
from chatbot.images.refusals import NobodySees, NotDescribed
from chatbot.providers.interface import ChatRequest, FinishReason, Picture
from chatbot.strategies import Wish
from chatbot.usage.cost import UsageOfCall
from chatbot.usage.ledger import NewCall
from config import Strategy

FEATURE = "alt-text"
ANSWER_TOKENS = 800
TEMPERATURE = 0.2
WRITE_IT = "Write the alt text yourself, or try again with a few words of context."


@dataclass(frozen=True, slots=True)
class AltTextOrder:
    """What is asked for. The picture is as `picture.read_picture` made it."""

    picture: Picture
    wanted: Wanted = field(default_factory=Wanted)
    audience: str = ""
    """Who will read it, in a few words."""
    strategy: Strategy | None = None
    """None: as STRATEGY says."""
    principal: str = ""


@dataclass(frozen=True, slots=True)
class AltTextReply:
    """An alt text that keeps the rules, and where it comes from."""

    alt_text: str
    """At most 125 characters; empty when the picture is decorative."""
    long_description: str
    """Empty when there is nothing more to tell."""
    decorative: bool
    warnings: tuple[Finding, ...]
    provider: str
    model: str
    provenance: Provenance
    fell_back: bool
    usage: UsageOfCall
    call_id: str


class RulesBroken(SchemaBroken):
    """A draft that breaks rules. `repair` tells the model which; its own words are not repeated to it."""

    kind = "alt_text_rules"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("the alt text breaks its rules: " + ", ".join(finding.rule for finding in findings))
        self.repair = "An earlier answer broke these rules. Keep them:\n" + "\n".join(
            f"- {finding.message}" for finding in findings)


class AltTextGate(Gate):
    """Lets through a draft that keeps every rule, at its end and whole."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._json = JsonGate(SCHEMA)

    def feed(self, text: str) -> str:
        return self._json.feed(text)

    def end(self, finish_reason: FinishReason | None) -> str:
        """Raises RulesBroken, and what JsonGate raises."""
        text = self._json.end(finish_reason)
        if broken := check(Draft.model_validate_json(text), self._wanted, "repair"):
            raise RulesBroken(broken)
        return text


class AltText:
    """Writes alt texts. One per process; safe in threads."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def write(self, asked: AltTextOrder) -> AltTextReply:
        """The alt text. Raises NobodySees, NotDescribed, BudgetExhausted and other FunzaErrors of a call."""
        try:
            done = self._calls.finish(self.order(asked))
        except NoProvider as error:
            raise NobodySees(error.detail, retry_after=error.retry_after, remedy=self._remedy(asked)) from None
        except BadAnswer as error:
            raise NotDescribed(error.detail, remedy=WRITE_IT) from None
        if done.provenance == "curated":  # the fixed words after a content filter: they describe no picture
            raise NotDescribed("A provider's content filter stopped the answer.", remedy=WRITE_IT)
        return _reply(done, asked.wanted)

    def order(self, asked: AltTextOrder) -> Order:
        """The call that will be made."""
        wanted = asked.wanted
        strategy = asked.strategy or self._calls.settings.strategy
        return Order(
            request=ChatRequest(messages_for(asked.picture, wanted, asked.audience), max_tokens=ANSWER_TOKENS,
                                temperature=TEMPERATURE, schema=SCHEMA),
            wish=Wish(strategy, language=wanted.language, no_cloud=faces.why_it_stays(wanted.people), picture=True),
            call=NewCall(FEATURE, strategy, language=wanted.language, principal=asked.principal),
            gate=lambda: AltTextGate(wanted))

    def _remedy(self, asked: AltTextOrder) -> str:
        """What to do, depending on whether a cloud stands ready that may not see this picture."""
        ready = any(provider.leaves_machine and provider.models_that_see() and provider.readiness().state == "ready"
                    for provider in self._calls.providers.values())
        return faces.DECLARE if ready and not asked.picture.may_leave else faces.SET_UP


def _reply(done: Completion, wanted: Wanted) -> AltTextReply:
    draft = tidied(Draft.model_validate_json(done.text), wanted.language)
    return AltTextReply(
        alt_text=draft.alt_text, long_description=draft.long_description, decorative=draft.decorative,
        warnings=check(draft, wanted, "warn"), provider=done.provider, model=done.model, provenance=done.provenance,
        fell_back=done.fell_back, usage=done.usage, call_id=done.call_id)
