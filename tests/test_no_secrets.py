"""No secret and no phone number is in the repository. A public predecessor of this system leaked its keys."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from chatbot.knowledge.cards import CARDS_FOLDER
from chatbot.safety.replies import REPLIES_FILE

ROOT = Path(__file__).parent.parent
SECRETS = re.compile(
    r"\bsk-[A-Za-z0-9_-]{20,}|\bhf_[A-Za-z0-9]{20,}|\bAIza[A-Za-z0-9_-]{30,}|\bAKIA[0-9A-Z]{16}|\btgp_v1_[A-Za-z0-9_-]{20,}"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\b(?:postgres|postgresql|redis)://[^\s:/@]+:[^\s@{}]{6,}@")
PHONE = re.compile(r"(?<![\w.])(?:\+\d{2,3}[ -]?)?\(?0?\d{2,4}\)?[ -]?\d{3}[ -]?\d{3,4}(?![\w.%])")


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_tracked_file_holds_a_secret() -> None:
    for path in _tracked():
        if path.is_file() and path.suffix not in (".png", ".ttf", ".woff2"):
            found = SECRETS.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{path.relative_to(ROOT)}: {found[0][:12] if found else ''}..."


def test_no_env_file_or_database_is_tracked() -> None:
    assert [path.name for path in _tracked() if path.name == ".env" or path.suffix in (".db", ".sqlite", ".gguf")] == []


@pytest.mark.parametrize("path", [*sorted(CARDS_FOLDER.glob("*.toml")), REPLIES_FILE], ids=lambda path: path.name)
def test_no_text_for_mothers_holds_a_phone_number(path: Path) -> None:
    text = re.sub(r"https?://\S+", "", path.read_text(encoding="utf-8"))
    assert PHONE.findall(text) == []
