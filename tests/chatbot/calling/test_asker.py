from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.calling.asker import opaque
from chatbot.usage.ledger import NewCall
from tests.house import make_calls, order
from tests.scripted import Scripted, answer


def test_one_principal_has_one_name_that_does_not_say_who_it_is() -> None:
    assert opaque("01ABC") == opaque("01ABC") != opaque("01ABD")
    assert "01ABC" not in opaque("01ABC")


def test_whoever_has_the_machine_to_himself_has_no_name() -> None:
    assert opaque("local") == opaque("") == ""


@pytest.mark.parametrize(("cloud", "expected"), [(False, opaque("01ABC")), (True, "")],
                         ids=["this machine", "a cloud"])
def test_only_the_model_on_this_machine_hears_who_asks(tmp_path: Path, cloud: bool, expected: str) -> None:
    provider = Scripted("together" if cloud else "local", answer("Iron prevents anaemia, they say."), cloud=cloud)
    make_calls(tmp_path, provider).finish(order(call=NewCall("chat", "hybrid", principal="01ABC")))
    [(_, request)] = provider.asked
    assert request.asker == expected
