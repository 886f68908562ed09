"""Trains the vote of `chatbot/safety/vote.py` and writes `chatbot/safety/vote.json`. No dependency, one minute.

    python -m training.danger_votes            # train on everything and write the weights
    python -m training.danger_votes --measure  # cross-validate on the dev halves: rules, vote, both; writes nothing

Logistic regression by stochastic gradient descent with L2 decay and averaged weights (Bottou 2012,
https://doi.org/10.1007/978-3-642-35289-8_25); the same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

from chatbot.safety.triage import matches, understood
from chatbot.safety.vote import WEIGHTS, WEIGHTS_FILE, Vote, features
from training.examples import Example, dev, everything

PASSES, RATE, DECAY = 14, 0.6, 2e-6
FOLDS = 5
SEED = 11
THRESHOLD, AGREEMENT = 0.4, -0.8
"""Log-odds from which the vote raises a message, and from which it agrees with a doubtful rule.

Chosen by cross-validation over messages of blind authors (docs/safety.md), not on the frozen set."""
Row = tuple[list[int], float, bool, float]
"""Places of the weights, value of each feature, whether it is danger, how much it counts."""


def row(example: Example) -> Row | None:
    reading = understood(example.text)
    found = set(features(reading.tokens, reading.mentions))
    if not found:
        return None
    places = [crc32(feature.encode()) % WEIGHTS for feature in sorted(found)]
    return places, 1 / math.sqrt(len(places)), example.danger, example.weight


def train(examples: Sequence[Example]) -> Vote:
    """Averaged over the second half of the passes."""
    rows = [made for one in examples if (made := row(one)) is not None]
    chance = random.Random(SEED)  # noqa: S311 - the same order at every run, nothing secret
    weights, summed, bias, bias_sum, taken, step = [0.0] * WEIGHTS, [0.0] * WEIGHTS, 0.0, 0.0, 0, 0
    for number in range(PASSES):
        chance.shuffle(rows)
        for places, value, danger, counts in rows:
            step += 1
            score = bias + value * sum(weights[place] for place in places)
            gradient = counts * (1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) - danger)
            rate = RATE / (1 + step * DECAY * 10)
            for place in places:
                weights[place] -= rate * (gradient * value + DECAY * weights[place])
            bias -= rate * gradient * 0.1
        if number >= PASSES // 2:
            summed, bias_sum, taken = [a + b for a, b in zip(summed, weights, strict=True)], bias_sum + bias, taken + 1
    return _rounded([weight / taken for weight in summed], bias_sum / taken)


def _rounded(weights: list[float], bias: float) -> Vote:
    """Weights as signed bytes; a weight beyond the 99.9th percentile is cut to it."""
    largest = sorted(abs(weight) for weight in weights if weight)
    scale = largest[int(len(largest) * 0.999)] / 127
    signed = bytes(max(-127, min(127, round(weight / scale))) % 256 for weight in weights)
    return Vote(round(bias, 4), THRESHOLD, float(f"{scale:.6g}"), signed, AGREEMENT)


def write(vote: Vote, path: Path = WEIGHTS_FILE) -> None:
    table = {"bias": vote.bias, "threshold": vote.threshold, "scale": vote.scale,
             "agreement": vote.agreement, "weights": base64.b85encode(vote.weights).decode("ascii")}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def measure() -> None:
    """Prints, for several thresholds, what rules, vote and both make of dev messages that the vote has not seen."""
    messages = dev()
    scores = [0.0] * len(messages)
    for fold in range(FOLDS):
        vote = train(list(everything([one for at, one in enumerate(messages) if at % FOLDS != fold])))
        for at in range(fold, len(messages), FOLDS):
            scores[at] = vote.score(understood(messages[at].text))
    by_rules = [_alarmed_by_rules(one.text) for one in messages]
    print(f"{'':22}{'English':>26}{'Swahili and mix':>26}")
    print(_line("rules", messages, by_rules))
    for threshold in (-0.5, 0.0, 0.3, 0.6, 1.0, 1.5, 2.0):
        voted = [score >= threshold for score in scores]
        print(_line(f"vote at {threshold}", messages, voted))
        print(_line(f"both at {threshold}", messages, [a or b for a, b in zip(by_rules, voted, strict=True)]))


def _alarmed_by_rules(text: str) -> bool:
    return any(one.level in {"urgent", "emergency"} for one in matches(text, with_vote=False))


def _line(name: str, messages: Sequence[Example], alarmed: Sequence[bool]) -> str:
    parts = [f"{name:22}"]
    for english in (True, False):
        rows = [(one, alarm) for one, alarm in zip(messages, alarmed, strict=True) if (one.language == "en") == english]
        grave = [alarm for one, alarm in rows if one.danger]
        calm = [alarm for one, alarm in rows if not one.danger and one.weight == 1]
        parts.append(f"{f'{sum(grave) / len(grave):.1%} / {sum(calm) / len(calm):.1%} false':>26}")
    return "".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="cross-validate on the dev halves; write nothing")
    if parser.parse_args(arguments).measure:
        measure()
        return 0
    examples = list(everything())
    vote = replace(train(examples), threshold=THRESHOLD, agreement=AGREEMENT)
    write(vote)
    print(f"{len(examples)} examples; {WEIGHTS_FILE} has {WEIGHTS_FILE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
