"""A form with one file and some fields beside it, read strictly: nothing twice, nothing unknown, nothing too large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import FileStorage

from chatbot.errors import InvalidInput
from routes.errors import BodyTooLarge, UnknownField, WrongMediaType, first_mistake, printable
from routes.installation import installation

Fields = TypeVar("Fields", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Upload(Generic[Fields]):
    """What was sent."""

    name: str
    """What the client calls the file: never to be trusted, stored or given back."""
    data: bytes
    fields: Fields


def read_upload_form(shape: type[Fields]) -> Upload[Fields]:
    """The form of this request. Raises WrongMediaType, InvalidInput, UnknownField, BodyTooLarge."""
    if request.mimetype != "multipart/form-data":
        raise WrongMediaType("Send multipart/form-data, with the file under the name `file`.", field="Content-Type")
    file = _one_file()
    _only_once(request.form.to_dict(flat=False))
    try:
        fields = shape.model_validate(request.form.to_dict())
    except ValidationError as error:
        raise first_mistake(error) from None
    data = file.read()
    longest = installation().settings.max_upload_bytes
    if len(data) > longest:
        raise BodyTooLarge(f"The file has {len(data):,} bytes; {longest:,} is the most.", field="file")
    return Upload(file.filename or "", data, fields)


def _one_file() -> FileStorage:
    """The one file of a form. Raises InvalidInput, UnknownField."""
    files = request.files.to_dict(flat=False)
    unknown = next((name for name in files if name != "file"), None)
    if unknown is not None:
        raise UnknownField("Only one file is taken, under the name `file`.", field=printable(unknown))
    if "file" not in files:
        raise InvalidInput("There is no file in this form.", field="file",
                           remedy="Send it as multipart/form-data under the name `file`, with a file name.")
    _only_once(files)
    return files["file"][0]


def _only_once(fields: dict[str, list[str]] | dict[str, list[FileStorage]]) -> None:
    for name, values in fields.items():
        if len(values) > 1:
            raise UnknownField("This field was sent more than once.", field=printable(name))
