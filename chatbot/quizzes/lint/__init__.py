"""What is wrong with an item, and what to do about it: a table of rules, each with the guideline it comes from.

`RULES` (rules.py) is the index: add a rule there, its words in texts.toml and its flawed items in
tests/data/flawed_items.toml. A rule that blocks keeps an item from being approved; one that warns asks a person to
look.
"""

from chatbot.quizzes.lint.linting import blocking, lint_item, lint_set
from chatbot.quizzes.lint.rules import RULES, rows
from chatbot.quizzes.lint.texts import in_language, rule_text

__all__ = ["RULES", "blocking", "in_language", "lint_item", "lint_set", "rows", "rule_text"]
