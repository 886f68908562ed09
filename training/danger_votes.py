"""Trains the votes of `chatbot/safety/vote.py` and writes `chatbot/safety/vote.json`, in two minutes.

    python -m training.danger_votes            # train on everything and write the weights
    python -m training.danger_votes --measure  # leave out one author's messages at a time; writes nothing

Logistic regression over hashed features by stochastic gradient descent with a rate for each weight (AdaGrad, Duchi,
Hazan and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html), averaged over the second half of the passes; the
same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import random
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chatbot.safety.triage import matches, understood
from chatbot.safety.vote import WEIGHTS, WEIGHTS_FILE, Evidence, Vote, features, place_of
from training.examples import AUTHORS, GRAVE, Example, by_author, everything

PASSES, RATE, DECAY = 10, 0.3, 1e-5
FIRST_STEP = 0.01
"""What each weight's sum of squared gradients begins with: its first steps are no longer than ten rates."""
SEED = 11
THRESHOLD, AGREEMENT = 0.1, -0.4
"""Log-odds from which the vote raises a message, and from which it agrees with a doubtful rule.

Chosen by leaving authors out (`--measure`), not on the frozen set."""


EMERGENCY_THRESHOLD = 0.5
"""Log-odds from which `urgent` becomes `emergency`."""
FEWEST_WORDS = 3
"""A message of a word or two is too little to tell an emergency by."""
URGENT_WEIGHT = 6.0
"""Six of seven grave training messages are emergencies, in real life fewer: each urgent one counts for more."""


class Row(NamedTuple):
    """One example as numbers."""

    places: NDArray[np.int64]
    value: float
    graver: bool
    counts: float


def row(example: Example, graver: bool) -> Row | None:
    reading = understood(example.text)
    found = set(features(reading.tokens, reading.mentions))
    if not found:
        return None
    places = np.array(sorted(set(map(place_of, found))))
    return Row(places, 1 / math.sqrt(len(found)), graver, example.weight)


def danger_vote(examples: Iterable[Example]) -> Vote:
    """Between what should be seen today and what need not."""
    return train([(one, one.danger) for one in examples])


def emergency_vote(examples: Iterable[Example]) -> Vote:
    """Between `urgent` and `emergency`; other messages do not count."""
    grave = [one if one.tier == "emergency" else one._replace(weight=one.weight * URGENT_WEIGHT)
             for one in examples if one.danger]
    return replace(train([(one, one.tier == "emergency") for one in grave]), threshold=EMERGENCY_THRESHOLD,
                   fewest_words=FEWEST_WORDS)


def train(examples: Iterable[tuple[Example, bool]]) -> Vote:
    """The vote that these examples teach: each with whether it is the graver kind."""
    rows = [made for one, graver in examples if (made := row(one, graver)) is not None]
    chance = random.Random(SEED)  # noqa: S311 - the same order at every run, nothing secret
    weights, squares, bias, bias_squares = np.zeros(WEIGHTS), np.full(WEIGHTS, FIRST_STEP), 0.0, FIRST_STEP
    summed, bias_sum, taken = np.zeros(WEIGHTS), 0.0, 0
    for number in range(PASSES):
        chance.shuffle(rows)
        for places, value, graver, counts in rows:
            here = weights[places]
            score = bias + value * float(here.sum())
            error = counts * (1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) - graver)
            gradient = error * value + DECAY * here
            squares[places] += gradient * gradient
            weights[places] = here - RATE * gradient / np.sqrt(squares[places])
            bias_squares += error * error
            bias -= RATE * error / math.sqrt(bias_squares)
        if number >= PASSES // 2:
            summed, bias_sum, taken = summed + weights, bias_sum + bias, taken + 1
    return _rounded(summed / taken, bias_sum / taken)


def _rounded(weights: NDArray[np.float64], bias: float) -> Vote:
    """Weights as signed bytes; a weight beyond the 99.9th percentile is cut to it."""
    scale = float(np.quantile(np.abs(weights[weights != 0]), 0.999)) / 127
    signed = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    return Vote(round(bias, 4), THRESHOLD, float(f"{scale:.6g}"), signed.tobytes(), AGREEMENT)


def write(votes: Mapping[str, Vote], path: Path = WEIGHTS_FILE) -> None:
    tables = {}
    for name, vote in votes.items():
        weights = base64.b64encode(zlib.compress(vote.weights, 9)).decode("ascii")
        tables[name] = {"bias": vote.bias, "threshold": vote.threshold, "scale": vote.scale,
                        "agreement": vote.agreement, "fewest_words": vote.fewest_words, "weights": weights}
    path.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")


def measure() -> None:
    """Prints what rules and a vote that has not seen an author make of their messages, for several thresholds."""
    for author in AUTHORS:
        vote = danger_vote(everything(without=author))
        judged = [_judged(one, vote) for one in by_author(author)]
        print(f"{author:34}{'English':>26}{'Swahili and mix':>26}")
        print(_line("rules", judged, lambda one: one.firm))
        for threshold in (THRESHOLD + step for step in (-0.9, -0.6, -0.3, 0.0, 0.3, 0.6)):
            for agreement in (threshold - 0.5, threshold - 0.25, threshold):
                print(_line(f"vote {threshold:.2f}, agreement {agreement:.2f}", judged,
                            lambda one, t=threshold, a=agreement: one.alarmed(t, a)))  # type: ignore[misc]


class Judged(NamedTuple):
    """A message, and what rules and vote say of it."""

    example: Example
    firm: bool
    doubtful: bool
    score: float
    best_sentence: float

    def alarmed(self, threshold: float, agreement: float) -> bool:
        return self.firm or self.score >= threshold or (self.doubtful and self.best_sentence >= agreement)


def _judged(example: Example, vote: Vote) -> Judged:
    found = matches(example.text, with_vote=False)
    seen = Evidence(understood(example.text))
    firm, doubtful = any(one.level in GRAVE for one in found), any(one.doubted for one in found)
    return Judged(example, firm, doubtful, vote.score(seen), vote.gravest_sentence(seen))


def _line(name: str, judged: Sequence[Judged], alarmed: Callable[[Judged], bool]) -> str:
    parts = [f"{name:34}"]
    for english in (True, False):
        rows = [(one.example, alarmed(one)) for one in judged if (one.example.language == "en") == english]
        grave = [alarm for one, alarm in rows if one.danger]
        calm = [alarm for one, alarm in rows if one.tier == "none"]
        parts.append(f"{f'{sum(grave) / len(grave):.1%} / {sum(calm) / len(calm):.1%} false':>26}")
    return "".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="leave one author out at a time; write nothing")
    if parser.parse_args(arguments).measure:
        measure()
        return 0
    examples = list(everything())
    write({"danger": danger_vote(examples), "emergency": emergency_vote(examples)})
    print(f"{len(examples)} examples; {WEIGHTS_FILE} has {WEIGHTS_FILE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
