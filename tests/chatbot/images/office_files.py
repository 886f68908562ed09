"""Word and PowerPoint files with pictures in them."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from docx import Document

R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PML = ("http://schemas.openxmlformats.org/presentationml/2006/main", "http://schemas.openxmlformats.org/drawingml/2006/main")


def word(*pictures: bytes, described: bytes | None = None) -> bytes:
    """A .docx with these pictures, none of which has alt text, and perhaps one that has."""
    document = Document()
    for number, picture in enumerate(pictures):
        document.add_paragraph(f"Picture {number}")
        document.add_picture(BytesIO(picture))
    if described is not None:
        document.add_picture(BytesIO(described))
        document.inline_shapes[-1]._inline.docPr.set("descr", "Written by a person.")
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def alt_texts_of_word(data: bytes) -> list[str]:
    """As python-docx reads them."""
    return [shape._inline.docPr.get("descr") or "" for shape in Document(BytesIO(data)).inline_shapes]


def pic(number: int, link: str, properties: str = "", inside: str = "") -> str:
    return (f'<p:pic><p:nvPicPr><p:cNvPr id="{number}" name="Picture {number}" {properties}>{inside}</p:cNvPr>'
            f'<p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:embed="{link}"/></p:blipFill><p:spPr/></p:pic>')


DECORATIVE_URI = "{C183D7F6-B498-43B3-948B-1728B52AA6E4}"
DECORATIVE_TAG = "{http://schemas.microsoft.com/office/drawing/2017/decorative}decorative"
DECORATIVE = ('<a:extLst><a:ext uri="{C183D7F6-B498-43B3-948B-1728B52AA6E4}"><adec:decorative xmlns:adec='
              '"http://schemas.microsoft.com/office/drawing/2017/decorative" val="1"/></a:ext></a:extLst>')


def slides(*shapes: str, media: bytes, head: str = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>') -> bytes:
    """A .pptx with one slide, as far as pictures go. `rId1` is the picture, `rId2` one on the web."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("ppt/slides/slide1.xml", f'{head}<p:sld xmlns:p="{PML[0]}" xmlns:a="{PML[1]}" xmlns:r="{R}">'
                         f'<p:cSld><p:spTree><p:sp><p:nvSpPr><p:cNvPr id="9" name="Title é"/></p:nvSpPr></p:sp>'
                         f'{"".join(shapes)}</p:spTree></p:cSld></p:sld>')
        archive.writestr("ppt/slides/_rels/slide1.xml.rels", '<Relationships>'
                         f'<Relationship Id="rId1" Type="{R}/image" Target="../media/image1.png"/>'
                         f'<Relationship Id="rId2" Type="{R}/image" Target="http://198.51.100.7/x.png" '
                         'TargetMode="External"/></Relationships>')
        archive.writestr("ppt/media/image1.png", media)
    return out.getvalue()


def decorative_ones(xml: bytes | str) -> list[str]:
    """The names of the pictures that a part marks as decorative, and whose mark stands where the schema has it.

    It is in an extension of its own, in the list of extensions that ends the properties (ECMA-376-1, 20.1.2.2.8).
    """
    found: list[str] = []
    for properties in ElementTree.fromstring(xml).iter():
        marks = [extension for extension in _extensions(properties) if extension.get("uri") == DECORATIVE_URI]
        if [mark.get("val") for extension in marks for mark in extension.iter(DECORATIVE_TAG)] == ["1"]:
            found.append(properties.get("name", ""))
    return found


def _extensions(properties: Any) -> list[Any]:
    lists = [child for child in properties if child.tag == f"{{{PML[1]}}}extLst"]
    return list(lists[0]) if len(lists) == 1 and lists[0] is properties[-1] else []


def slide_of(data: bytes) -> str:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read("ppt/slides/slide1.xml").decode()
