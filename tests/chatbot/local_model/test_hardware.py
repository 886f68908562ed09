from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.local_model.hardware import Gpu, Hardware, cgroup_memory, free_disk, look, parse_nvidia_smi


def test_this_machine_has_cores_memory_and_disk() -> None:
    hardware = look(Path("models"))
    assert hardware.cores == len(os.sched_getaffinity(0))
    assert 0 < hardware.ram_available <= hardware.ram_total
    assert hardware.disk_free > 0


def test_looking_imports_no_torch() -> None:
    code = "import sys; from pathlib import Path; from chatbot.local_model.hardware import look; look(Path('.')); " \
           "from chatbot.local_model import choice, shared; assert not {'torch', 'transformers', 'openai', " \
           "'huggingface_hub', 'xllamacpp'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_nvidia_smi_is_read_line_by_line() -> None:
    text = "NVIDIA H200, 143771, 9.0\nTesla T4, 15360, 7.5\nNVIDIA GRID, [N/A], [N/A]\n\n"
    assert parse_nvidia_smi(text) == (Gpu("NVIDIA H200", 143771 << 20, (9, 0)), Gpu("Tesla T4", 15360 << 20, (7, 5)))


def test_the_largest_card_is_used_unless_something_stands_in_its_way() -> None:
    small, large = Gpu("small", 4 << 30, (7, 5)), Gpu("large", 8 << 30, (8, 6))
    assert Hardware((small, large), "", 1, 0, 0, 0).gpu == large
    assert Hardware((small, large), "torch is a build without CUDA", 1, 0, 0, 0).gpu is None


@pytest.mark.parametrize(("limit", "expected"), [("max", None), ("1073741824", 1 << 30)])
def test_a_containers_limit_is_read(tmp_path: Path, limit: str, expected: int | None) -> None:
    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.current").write_text("4096\n")
    assert cgroup_memory(tmp_path) == (expected, 4096)


def test_no_container_means_no_limit(tmp_path: Path) -> None:
    assert cgroup_memory(tmp_path) == (None, 0)


def test_the_disk_of_a_folder_that_is_not_there_yet_is_measured(tmp_path: Path) -> None:
    assert free_disk(tmp_path / "not" / "yet") == pytest.approx(free_disk(tmp_path), rel=0.1)
