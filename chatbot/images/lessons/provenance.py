"""Where a drawn picture comes from, said in the file itself and in a note beside it.

In the file: XMP with IPTC's DigitalSourceType, which platforms and readers of pictures look for to mark what a model
made (iptc.org, "Photo Metadata Standard", and cv.iptc.org/newscodes/digitalsourcetype). Beside it: a JSON note with
what a C2PA claim would say. It is not signed: it tells honest people what is true, and stops nobody from changing it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

SourceType = Literal["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"]
"""Drawn by a model alone; or a given picture that a model changed."""
CODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MAKER = "Funza Mama"
UNSIGNED = ("An unsigned note, with the facts that a C2PA claim would hold. Nobody's signature stands for it, and it "
            "is no Content Credential.")


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of how a picture came to be. No person's name is in it."""

    id: str
    """The picture's own, so that no two files are alike."""
    source_type: SourceType
    provider: str
    model: str
    seed: int | None
    prompt: str
    made_at: datetime
    made_by_role: str
    """Role of whoever asked: `educator` or `admin`."""

    @property
    def prompt_sha256(self) -> str:
        """Of the prompt in UTF-8, in hex: whoever knows the prompt can check that it is this one."""
        return hashlib.sha256(self.prompt.encode()).hexdigest()


def xmp(origin: Origin) -> str:
    """The packet for the picture's file."""
    facts = {"Iptc4xmpExt:DigitalSourceType": CODES + origin.source_type,
             "xmpMM:DocumentID": f"funza:{origin.id}", "Iptc4xmpExt:AISystemUsed": f"{origin.provider}/{origin.model}",
             "xmp:CreatorTool": MAKER, "xmp:CreateDate": origin.made_at.isoformat(timespec="seconds")}
    attributes = " ".join(f"{name}={quoteattr(_printable(value))}" for name, value in facts.items())
    return ('<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
            'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" '
            f'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {attributes}/>'
            '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>')


def note(origin: Origin, data: bytes, media_type: str, source_sha256: str = "") -> dict[str, Any]:
    """The note beside the file `data`. `source_sha256` is that of the picture it was made from, when there was one."""
    return {
        "note": UNSIGNED, "signed": False, "claim_generator": MAKER, "sha256": hashlib.sha256(data).hexdigest(),
        "media_type": media_type, "digital_source_type": CODES + origin.source_type, "provider": origin.provider,
        "model": origin.model, "seed": origin.seed, "prompt_sha256": origin.prompt_sha256,
        "made_at": origin.made_at.isoformat(timespec="seconds"), "made_by_role": origin.made_by_role,
        "source_sha256": source_sha256 or None}


def as_json(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode()


def _printable(text: str) -> str:
    """Model names come from settings and providers: XML takes no control characters, whatever is escaped."""
    return "".join(char for char in text[:300] if char.isprintable())
