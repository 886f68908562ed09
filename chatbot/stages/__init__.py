"""The stages of motherhood, one TOML file each. To add a stage, add a file; aliases live in it.

A stage's `id` is its file's name. Names are matched without regard to case, and `-` or `_` count as a space.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from chatbot.errors import InvalidInput

__all__ = ["STAGES_FOLDER", "Bilingual", "Stage", "all_stages", "read_stages", "stage_named"]

STAGES_FOLDER = Path(__file__).parent


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Bilingual(_Strict):
    """The same words in English and in Swahili."""

    en: str = Field(min_length=3)
    sw: str = Field(min_length=3)


class Stage(_Strict):
    """One stage, as the pages show it and as the model is told of it."""

    id: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$")
    order: int = Field(ge=1)
    """Place in time, from 1; pages list the stages by it."""
    title: Bilingual
    summary: Bilingual
    """One sentence: whom and what the stage is for."""
    aliases: tuple[str, ...] = Field(min_length=1)
    """Other names that clients and people use, lower case, with spaces between words."""
    questions: tuple[Bilingual, ...] = Field(min_length=2, max_length=3)
    """Examples to start from; the stage's own cards answer each."""
    focus: str = Field(min_length=40, max_length=600)
    """Lines for the model's system prompt: who is asking, what matters now, which tone. English, short."""


def read_stages(folder: Path = STAGES_FOLDER) -> tuple[Stage, ...]:
    """All stages of a folder, in order. Raises ValueError naming the file, or the name or place used twice."""
    stages = sorted((_read(path) for path in folder.glob("*.toml")), key=lambda stage: stage.order)
    names = [_plain(name) for stage in stages for name in (stage.id, *stage.aliases)]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"stage names used twice: {sorted(repeated)}")
    if len({stage.order for stage in stages}) < len(stages):
        raise ValueError(f"two stages share a place in the order: {[(stage.id, stage.order) for stage in stages]}")
    return tuple(stages)


@cache
def all_stages() -> tuple[Stage, ...]:
    """The stages that ship with the system, in order, read once."""
    return read_stages()


def stage_named(name: str) -> Stage:
    """The stage with this id or alias. Raises InvalidInput, with the stages to choose from as its remedy."""
    wanted = _plain(name)
    for stage in all_stages():
        if wanted in {_plain(known) for known in (stage.id, *stage.aliases)}:
            return stage
    raise InvalidInput("There is no such stage.", field="stage",
                       remedy="Use one of: " + ", ".join(stage.id for stage in all_stages()) + ".")


def _read(path: Path) -> Stage:
    try:
        return Stage.model_validate({"id": path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))})
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").replace("_", " ").split())
