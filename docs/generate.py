"""Writes what would otherwise be said twice: `.env.example`, `docs/api.md`, and the tables inside marked places.

`python -m docs.generate` writes; `--check` writes nothing and exits 1 naming each file that is out of date.
A marked place is `<!-- made: NAME -->` to `<!-- end -->` in README.md or docs/*.md; NAME is a function of `TABLES`.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from chatbot.knowledge.cards import all_cards
from chatbot.privacy.classes import rows as class_rows
from chatbot.privacy.consent import rows as purpose_rows
from chatbot.providers import PROVIDERS
from chatbot.quizzes.exports import format_rows
from chatbot.quizzes.lint import rows as lint_rows
from chatbot.stages import all_stages
from config import Settings

ROOT = Path(__file__).parent.parent
_PLACE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def providers_table() -> str:
    """The providers, from their rows."""
    rows = [f"| `{row.name}` | [{row.title}]({row.docs}) | {_setting(row.key_setting or row.url_setting)} "
            f"| {_default(row.model_setting) or ', '.join(row.default_models) or 'chosen by the machine'} "
            f"| {row.notes} |"
            for row in PROVIDERS.values()]
    return "\n".join(["| id | provider | needs | first model | notes |", "|---|---|---|---|---|", *rows])


def cards_table() -> str:
    """How many cards each stage has, and how far they are reviewed."""
    cards = all_cards()
    rows = []
    for stage in all_stages():
        own = [card for card in cards if card.stage == stage.id]
        states = Counter(card.en.review for card in own) + Counter(card.sw.review for card in own)
        rows.append(f"| {stage.id} | {len(own)} | {len({card.topic for card in own})} | "
                    f"{', '.join(f'{count} {state}' for state, count in sorted(states.items()))} |")
    return "\n".join(["| stage | cards | topics | wordings (English and Swahili) |", "|---|---|---|---|", *rows])


def settings_table() -> str:
    """Every setting, from `config.py`."""
    rows = [f"| `{name.upper()}` | {_shown_default(field)} | {field.description} |"
            for name, field in Settings.model_fields.items()]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def routes_table() -> str:
    """Every route, from the OpenAPI document."""
    rows = [f"| `{method.upper()} {path}` | {operation.get('summary', '')} |"
            for path, item in openapi()["paths"].items() for method, operation in item.items()
            if method in ("get", "post", "put", "patch", "delete")]
    return "\n".join(["| route | what |", "|---|---|", *rows])


def exports_table() -> str:
    """Every format a quiz leaves in, from the index of exports."""
    rows = [f"| `{name}` | {title} | .{extension.lstrip('.')} | {opens} |"
            for name, title, extension, opens in format_rows()]
    return "\n".join(["| format | what | file | opens in |", "|---|---|---|---|", *rows])


def lint_table() -> str:
    """Every rule of the quiz lint, from its index."""
    rows = [f"| `{name}` | {severity} | {about} | {source} |" for name, severity, about, source in lint_rows()]
    return "\n".join(["| rule | weight | what it sees | where it comes from |", "|---|---|---|---|", *rows])


def classes_table() -> str:
    """What each class of data may do under each policy."""
    rows = [f"| {' | '.join(row)} |" for row in class_rows()]
    return "\n".join(["| class | what it holds | `never` | `ask` | `allowed` |", "|---|---|---|---|---|", *rows])


def purposes_table() -> str:
    """What people are asked before words are shown or sent, in English."""
    rows = [f"| `{name}` | {covers} | {version} | {asked} |" for name, covers, version, asked in purpose_rows()]
    return "\n".join(["| purpose | one yes covers | version | what is asked |", "|---|---|---|---|", *rows])


TABLES: dict[str, Callable[[], str]] = {
    "providers": providers_table, "cards": cards_table, "settings": settings_table, "routes": routes_table,
    "exports": exports_table, "lint": lint_table, "classes": classes_table, "purposes": purposes_table}


def env_example() -> str:
    """Every setting as a line of `.env`, commented out, with its default."""
    lines = ["# Every setting of Funza Mama, with its default. Copy to .env and uncomment what you change.",
             "# Made from config.py by `make docs`; do not edit."]
    for name, field in Settings.model_fields.items():
        choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
        hint = f" ({', '.join(choices)})" if choices else ""
        lines += ["", f"# {field.description}{hint}", f"# {name.upper()}={_plain_default(field)}"]
    return "\n".join(lines) + "\n"


def openapi() -> dict[str, Any]:
    """The OpenAPI document of an app without models or keys."""
    from run import create_app

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(_env_file=None, database_url=f"sqlite:///{folder}/x.db", local_engine="off"))
        document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return document


def api_page() -> str:
    """`docs/api.md`: each route with its fields."""
    document = openapi()
    parts = ["# REST API", "", "Made from the OpenAPI document (`/openapi.json`) by `make docs`; do not edit.", ""]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            parts += [f"## {method.upper()} {path}", "", operation.get("summary", ""), ""]
            if description := operation.get("description", "").strip():
                parts += [description, ""]
            parts += _body(operation, document)
            parts += ["Answers: " + ", ".join(f"`{code}`" for code in operation.get("responses", {})), ""]
    return "\n".join(parts).rstrip() + "\n"


def _body(operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    required = set(schema.get("required", ()))
    rows = [f"| `{name}` | {'yes' if name in required else ''} | {_type(field)} | {field.get('description', '')} |"
            for name, field in schema.get("properties", {}).items()]
    return ["| field | required | type | meaning |", "|---|---|---|---|", *rows, ""] if rows else []


def _type(field: dict[str, Any]) -> str:
    options = field.get("anyOf") or [field]
    names = [" ".join(f"`{value}`" for value in one["enum"]) if "enum" in one
             else one.get("$ref", one.get("type", "any")).rsplit("/", 1)[-1] for one in options]
    return " or ".join(name for name in names if name != "null")


def _setting(name: str) -> str:
    return f"`{name.upper()}`" if name else "nothing"


def _default(name: str) -> str:
    return f"`{Settings.model_fields[name].default}`" if name and Settings.model_fields[name].default else ""


def _plain_default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if hasattr(value, "get_secret_value") or value is None or value == {}:
        return ""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _shown_default(field: FieldInfo) -> str:
    value = _plain_default(field)
    return f"`{value}`" if value else ""


def wanted() -> dict[Path, str]:
    """Every generated file, and what it should hold."""
    files = {ROOT / ".env.example": env_example(), ROOT / "docs/api.md": api_page()}
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        if path not in files:
            text = path.read_text(encoding="utf-8")
            files[path] = _PLACE.sub(lambda place: f"{place[1]}{TABLES[place[2]]()}\n{place[3]}", text)
    return files


def main() -> int:
    stale = [path for path, text in wanted().items()
             if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted()[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
