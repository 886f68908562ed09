"""`make safety`: recall and false alarms of triage on the measuring sets, and the gate on their frozen halves.

    python -m tests.chatbot.safety.gate                  # both halves; misses are shown for dev only
    python -m tests.chatbot.safety.gate --half dev       # or test, audit, third_audit: other authors, never tuned on
    python -m tests.chatbot.safety.gate --show           # shows misses of the frozen half too: it is spent afterwards

Exit status 1 when a frozen half is under its recall or over its false alarms.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence

from chatbot.safety.triage import triage
from tests.chatbot.safety.measuring import (
    Figures,
    Half,
    Outcome,
    by_rules_alone,
    by_vote_alone,
    false_alarms,
    figures,
    messages,
    misses,
    outcomes,
)

LEAST_RECALL = {"en": 0.95, "sw": 0.90}
LEAST_EMERGENCIES = 0.85
"""Of emergencies, in each group, that are called an emergency."""
MOST_FALSE_ALARMS = 0.15
"""Of the routine messages of all languages together; the table shows each language."""
GROUPS = {"en": "English", "sw": "Swahili and mix"}
SHOWN = 5


def failures(of: Sequence[Outcome]) -> list[str]:
    """What breaks the gate, in words; empty when it holds."""
    found = []
    for group, name in GROUPS.items():
        of_group = figures([one for one in of if one.message.group == group])
        if of_group.recall < LEAST_RECALL[group]:
            found.append(f"{name}: recall {of_group.recall:.1%} is under {LEAST_RECALL[group]:.0%}")
        if of_group.emergency_recall < LEAST_EMERGENCIES:
            found.append(f"{name}: {of_group.emergency_recall:.1%} of emergencies are called so, "
                         f"under {LEAST_EMERGENCIES:.0%}")
    of_all = figures(of)
    if of_all.false_alarm_share > MOST_FALSE_ALARMS:
        found.append(f"false alarms {of_all.false_alarm_share:.1%} are over {MOST_FALSE_ALARMS:.0%}")
    return found


def report(half: Half, of: Sequence[Outcome], show: bool, everything: bool = False) -> str:
    lines = [f"== {half} half: {len(of)} messages ==", _head()]
    for name, chosen in (("en", {"en"}), ("sw", {"sw"}), ("mix", {"mix"}), ("sw+mix", {"sw", "mix"})):
        lines.append(_row(name, figures([one for one in of if one.message.language in chosen])))
    lines += ["", *_by_sign(of), "", _times(of)]
    if show:
        most = None if everything else SHOWN
        lines += ["", "missed:", *(_shown(one) for one in misses(of)[:most])]
        lines += ["", "false alarms:", *(_shown(one) for one in false_alarms(of)[:most])]
    return "\n".join(lines)


def ablation(half: Half) -> str:
    """Rules alone, the vote alone, and both: recall and false alarms for each group."""
    lines = [f"== {half} half: what each part does ==", f"{'':14}" + "".join(f"{name:>36}" for name in GROUPS.values())]
    for name, judge in (("rules alone", by_rules_alone), ("vote alone", by_vote_alone), ("both", triage)):
        found = outcomes(messages(half), judge)
        cells = [figures([one for one in found if one.message.group == group]) for group in GROUPS]
        lines.append(f"{name:14}" + "".join(
            f"{f'recall {of.recall:.1%}, false alarms {of.false_alarm_share:.1%}':>36}" for of in cells))
    return "\n".join(lines)


def _head() -> str:
    return (f"{'':10}{'recall':>18}{'emergency as such':>22}{'urgent as emergency':>22}"
            f"{'false alarms':>18}{'none as soon':>14}{'soon: alarmed / missed / all':>30}")


def _row(name: str, of: Figures) -> str:
    return (f"{name:10}{f'{of.recall:.1%} ({of.caught}/{of.grave})':>18}"
            f"{f'{of.emergency_recall:.1%} ({of.emergencies_as_such}/{of.emergencies})':>22}"
            f"{f'{of.urgent_as_emergency}/{of.urgent}':>22}"
            f"{f'{of.false_alarm_share:.1%} ({of.false_alarms}/{of.routine})':>18}{of.routine_soon:>14}"
            f"{f'{of.soon_alarmed} / {of.soon_missed} / {of.soon}':>30}")


def _by_sign(of: Sequence[Outcome]) -> list[str]:
    by_sign: dict[str, list[Outcome]] = defaultdict(list)
    for one in of:
        if one.message.tier in ("urgent", "emergency"):
            by_sign[one.message.sign].append(one)
    counted = {sign: (sum(one.alarmed for one in rows), len(rows)) for sign, rows in by_sign.items()}
    lines = ["caught by sign (every sign not named was caught whole):"]
    lines += [f"  {sign:32}{caught}/{every}" for sign, (caught, every) in sorted(counted.items()) if caught < every]
    return lines if len(lines) > 1 else ["caught by sign: every sign whole"]


def _times(of: Sequence[Outcome]) -> str:
    spent = sorted(one.milliseconds for one in of)
    return f"time a message: p50 {spent[len(spent) // 2]:.2f} ms, p99 {spent[int(len(spent) * 0.99)]:.2f} ms"


def _shown(one: Outcome) -> str:
    return f"  [{one.message.id} {one.message.tier} -> {one.level}] {one.message.text}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("dev", "test", "audit", "third_audit"), help="one half only")
    parser.add_argument("--show", action="store_true", help="five misses and false alarms of the frozen half as well")
    parser.add_argument("--all", action="store_true", help="every miss and false alarm of the dev half")
    parser.add_argument("--ablation", action="store_true", help="rules alone, vote alone and both")
    asked = parser.parse_args(arguments)
    halves: tuple[Half, ...] = (asked.half,) if asked.half else ("dev", "test")
    broken: list[str] = []
    for half in halves:
        found = outcomes(messages(half))
        print(report(half, found, half != "test" or asked.show, asked.all and half != "test"), end="\n\n")
        if asked.ablation:
            print(ablation(half), end="\n\n")
        broken += failures(found) if half == "test" else []
    print("\n".join(["The gate is broken:", *broken]) if broken else "The gate holds." if "test" in halves else "")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
