"""What the lint says of an item as the bank has it: with the whole source of its evidence, and beside what is there.

The lint itself (`lint/`) knows no database. This hands it the card's text, the page of the educator's document, and the
stems of other items that could be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Engine, select

from chatbot.knowledge.cards import all_cards
from chatbot.quizzes.item import Evidence, Finding, Item
from chatbot.quizzes.records.rows import key_of
from chatbot.quizzes.records.tables import ITEMS
from chatbot.quizzes.records.transactions import reading

MOST_LOOKED_AT = 20
"""Items with the same stem."""
PageText = Callable[[str, int | None], str | None]
"""Document id and page -> the text that stands there; None when the document is gone."""


class Judge:
    """Runs the lint over items of one bank.

    Args:
        engine: the bank's database.
        page_text: reads a page of a stored document.
    """

    def __init__(self, engine: Engine, page_text: PageText = lambda _document, _page: None) -> None:
        self._engine = engine
        self._page_text = page_text

    def item(self, item: Item, *, quiz_id: str = "", item_id: str = "") -> tuple[Finding, ...]:
        """The flaws of an item; with its own id it is no duplicate of itself. Raises RecordsUnavailable.

        An item whose source nobody has is judged by its quote. One that asks what an item of *another* quiz asks is a
        duplicate only when its key or its source is another: the same fact may be asked in two quizzes, but never with
        two answers.
        """
        from chatbot.quizzes.lint import lint_item

        return lint_item(item, source_text=self._source(item.evidence, item),
                         bank_stems=self._taken(item, quiz_id, item_id))

    def together(self, items: Sequence[Item], topics: Sequence[str] = ()) -> tuple[Finding, ...]:
        """The flaws that show only when the items of a quiz are seen together."""
        from chatbot.quizzes.lint import lint_set

        return lint_set(items, topics=topics)

    def _source(self, evidence: Evidence, item: Item) -> str | None:
        if evidence.card_id:
            cards = {card.id: card for card in all_cards()}
            card = cards.get(evidence.card_id)
            return card.wording(item.language).text if card else ""
        if evidence.document_id:
            return self._page_text(evidence.document_id, evidence.page)
        return None

    def _taken(self, item: Item, quiz_id: str, item_id: str) -> list[str]:
        """The same stem in the bank, when another item that may still be shown has it."""
        same = select(ITEMS.c.quiz_id, ITEMS.c.content).where(
            ITEMS.c.stem_key == key_of(item.stem), ITEMS.c.language == item.language, ITEMS.c.id != item_id,
            ITEMS.c.deleted_at.is_(None), ITEMS.c.status.not_in(("rejected", "retired"))).limit(MOST_LOOKED_AT)
        with reading(self._engine) as connection:
            rows = connection.execute(same).all()
        return [row.content["stem"] for row in rows
                if row.quiz_id == quiz_id or not _same_fact(item, Item.model_validate(row.content))]


def _same_fact(one: Item, other: Item) -> bool:
    """Whether two items have the same key from the same source."""
    if len(one.keys) != 1 or len(other.keys) != 1:
        return False
    return one.key.casefold() == other.key.casefold() and (
        (one.evidence.card_id, one.evidence.document_id) == (other.evidence.card_id, other.evidence.document_id))
