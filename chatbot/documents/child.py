"""Reads one document in a process of its own: `python -m chatbot.documents.child KIND`, the file on stdin.

Before it looks at a byte it gives up what it does not need: memory over 512 MB, processor time over 10 s, writing
files, opening sockets, starting programs; and it dies with its parent. It is started without our environment, so it
knows no key. On stdout it writes one JSON object: `{"refused": name}`, or the title, the pages, the passages and the
lines of each page.
A crash is an answer too: whoever started it takes it for a damaged file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

MEMORY = 512 * 1024 * 1024
PROCESSOR_SECONDS = 10
OPEN_FILES = 32
NOT_INSTALLED = 70
"""Exit code when a library is missing (EX_SOFTWARE, sysexits.h): our mistake, not the file's."""
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "ctypes.",
              "os.remove", "os.rename", "shutil.", "ftplib.", "urllib.")


def confine() -> None:
    """Give up what reading needs not. Where the system has no such limits (Windows), only the parent's clock holds."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if sys.platform != "win32":
        import resource

        for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
                            (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
                            (resource.RLIMIT_NOFILE, OPEN_FILES)):
            resource.setrlimit(limit, (most, most))
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)


def main() -> NoReturn:
    """Read stdin, write stdout, and end."""
    answer(_read)


def answer(read: Callable[[str, bytes], dict[str, Any]]) -> NoReturn:
    """Confine this process, `read` the file on stdin (of the kind in argv), write what it says, and end."""
    confine()
    import json
    import logging

    logging.disable()  # pypdf logs what it finds in a file
    from chatbot.documents.refusals import Refusal, TooCostly

    try:
        said = read(sys.argv[1], sys.stdin.buffer.read())
    except Refusal as refusal:
        said = {"refused": type(refusal).__name__}
    except (MemoryError, RecursionError):
        said = {"refused": TooCostly.__name__}
    except ModuleNotFoundError:
        sys.exit(NOT_INSTALLED)
    sys.stdout.buffer.write(json.dumps(said, ensure_ascii=False).encode())
    sys.stdout.buffer.flush()
    sys.exit(0)


def _read(kind: str, data: bytes) -> dict[str, Any]:
    """Passages, from which quizzes are made, are sentences without headings; a form is read by all of its lines."""
    from dataclasses import replace

    from chatbot.documents.docx import read_docx
    from chatbot.documents.passages import passages_of
    from chatbot.documents.pdf import read_pdf
    from chatbot.documents.refusals import NoText
    from chatbot.documents.text import read_text

    readers = {"pdf": read_pdf, "docx": read_docx, "text": read_text}
    reading = readers[kind](data)
    passages = passages_of(reading.blocks) or passages_of(
        [replace(block, heading=False) for block in reading.blocks])  # a form in bold looks like headings alone
    if not passages:
        raise NoText
    heading = next((block.text for block in reading.blocks), "")
    return {"title": reading.title or heading, "pages": reading.pages,
            "passages": [[passage.page, passage.text] for passage in passages], "lines": reading.lines()}


if __name__ == "__main__":
    main()
