"""`flask prices check`: what it finds, how it says so, and when it exits with 1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result

from run import create_app
from tests.house import make_settings

LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"


def check(folder: Path, *words: str, prices: str = "", **settings: object) -> Result:
    (folder / "mine.toml").write_text(prices)
    app = create_app(make_settings(folder, **{"prices_file": str(folder / "mine.toml"), **settings}))
    return app.test_cli_runner().invoke(args=["prices", "check", *words])


def found(result: Result) -> set[tuple[str, str, str, bool]]:
    return {(one["kind"], one["provider"], one["model"], one["serious"]) for one in json.loads(result.stdout)}


def test_without_a_cloud_nothing_is_serious(tmp_path: Path) -> None:
    result = check(tmp_path, "--json")
    assert result.exit_code == 0, result.output
    assert ("disagree", "together", LLAMA, False) in found(result)


def test_a_configured_model_that_is_retired_is_found_with_what_is_asked_then(tmp_path: Path) -> None:
    result = check(tmp_path, together_api_key="k")
    assert result.exit_code == 0
    assert "retired on 2026-02-06" in result.stdout
    assert "then openai/gpt-oss-120b is asked" in result.stdout


def test_a_retired_model_without_a_living_successor_is_serious(tmp_path: Path) -> None:
    result = check(tmp_path, "--json", together_api_key="k", together_successors="")
    assert result.exit_code == 1
    assert ("retired", "together", "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo", True) in found(result)


def test_an_unpriced_model_is_serious(tmp_path: Path) -> None:
    result = check(tmp_path, "--json", openai_api_key="k", openai_model="nobody/knows-it")
    assert result.exit_code == 1
    assert ("unpriced", "openai", "nobody/knows-it", True) in found(result)


def test_an_endpoint_whose_hour_is_not_known_is_told_and_no_more(tmp_path: Path) -> None:
    told = check(tmp_path, "--json", hf_endpoint_url="http://127.0.0.1:9/v1")
    assert (told.exit_code, ("unpriced", "hf_endpoint", "tgi", False) in found(told)) == (0, True)
    priced = check(tmp_path, "--json", hf_endpoint_url="http://127.0.0.1:9/v1", hf_endpoint_hourly_usd=0.5)
    assert not any(kind == "unpriced" for kind, *_ in found(priced))


def test_a_row_that_nobody_has_read_for_90_days_is_stale(tmp_path: Path) -> None:
    old = ('[[price]]\nprovider = "openai"\nmodel = "gpt-4.1-mini"\ninput_usd_per_mtok = "0.4"\n'
           'output_usd_per_mtok = "1.6"\nfrom = 2025-01-01\nsource = "an old page"\n')
    assert ("stale", "openai", "gpt-4.1-mini", False) in found(check(tmp_path, "--json", prices=old))
    assert check(tmp_path, "--strict", prices=old).exit_code == 1


def test_csv_has_a_row_for_each_finding(tmp_path: Path) -> None:
    lines = check(tmp_path, "--csv").stdout.splitlines()
    assert lines[0] == "kind,provider,model,detail,serious"
    assert any(line.startswith(f"disagree,together,{LLAMA}") for line in lines)


# --- live ---
class _Together(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        listed = {"data": [
            {"id": "x", "name": LLAMA, "pricing": {"input": 2.5, "output": 2.5}},
            {"id": "y", "name": "no/price"}], "pagination": {}}
        body = json.dumps(listed).encode() if self.server.healthy else b"{}"  # type: ignore[attr-defined]
        self.send_response(200 if self.server.healthy else 500)  # type: ignore[attr-defined]
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def together() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Together)
    server.healthy = True  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_live_prices_are_compared_only_when_asked_for(tmp_path: Path, together: ThreadingHTTPServer) -> None:
    url = f"http://127.0.0.1:{together.server_port}"
    live = check(tmp_path, "--live", together_api_key="k", together_base_url=url)
    assert "Together, live: 2.5 in, 2.5 out" in live.stdout, live.output
    assert "Together, live" not in check(tmp_path, together_api_key="k", together_base_url=url).stdout


def test_live_says_when_it_cannot(tmp_path: Path, together: ThreadingHTTPServer) -> None:
    assert "--live needs TOGETHER_API_KEY" in check(tmp_path, "--live").output
    together.healthy = False  # type: ignore[attr-defined]
    failed = check(tmp_path, "--live", together_api_key="k", together_base_url=f"http://127.0.0.1:{together.server_port}")
    assert failed.exit_code == 1
    assert "Together did not tell its prices" in failed.output
    assert "Traceback" not in failed.output
