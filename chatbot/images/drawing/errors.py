"""Why no picture was drawn, as our errors.

NobodyDraws is a NoProvider (503): nobody is set up, or everyone who is failed. NotDrawn is a BadAnswer (502): answers
came, and none was a picture. Cancelled is a Conflict (409): the one who asked no longer wants it.
"""

from __future__ import annotations

from typing import ClassVar

from chatbot.errors import BadAnswer, Conflict, NoProvider

SET_UP = ("Set IMAGE_ENDPOINT_URL to a dedicated endpoint of yours; or TOGETHER_IMAGE_MODEL or OPENAI_IMAGE_MODEL "
          "beside that provider's key; or DIFFUSERS_MODEL on a machine with a GPU.")


class NobodyDraws(NoProvider):
    code: ClassVar[str] = "nobody_draws"
    title: ClassVar[str] = "Nobody can draw a picture now"


class NotDrawn(BadAnswer):
    code: ClassVar[str] = "not_drawn"
    title: ClassVar[str] = "No usable picture came back"
    kind: ClassVar[str] = "not_drawn"


class Cancelled(Conflict):
    code: ClassVar[str] = "drawing_cancelled"
    title: ClassVar[str] = "The drawing was stopped"
