"""A picture from its order to its file: the real app, queue and illustrator, an endpoint that sleeps; and a kill -9."""

from __future__ import annotations

from pathlib import Path

from config import Settings
from run import create_app
from tests.chatbot.images.drawing_house import endpoint_settings
from tests.chatbot.images.good_pictures import telling
from tests.chatbot.images.illustrating import empty_database
from tests.house import attempts
from tests.loopback.image_endpoint import FakeImageEndpoint, Reply
from tests.test_served import Server
from tests.until import until

URL = "/api/v1/images"
WANTED = {"prompt": "A clinic's garden, flat illustration"}
HER_NAME = b"Wanjiru"


def test_a_sleeping_endpoint_is_woken_and_its_picture_is_kept_bare_and_paid_once(tmp_path: Path) -> None:
    (tmp_path / "funza.db").write_bytes(empty_database())
    with FakeImageEndpoint(telling("PNG"), wake_seconds=0.6) as endpoint:
        app = create_app(Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/funza.db", local_engine="off",
                                  strategy="cloud", allow_unpriced=True, **endpoint_settings(endpoint)))
        client, service = app.test_client(), app.extensions["funza"].service
        accepted = client.post(URL, json=WANTED)
        assert accepted.status_code == 202
        job = until(lambda: (one := client.get(accepted.headers["Location"]).get_json())["state"] not in {
            "queued", "running"} and one)
        assert (job["state"], job["error"]) == ("done", None)
        image = client.get(job["image_url"]).get_json()
        assert (image["alt_state"], image["usable"], image["provenance"]) == ("awaiting", False, "cloud")
        assert client.patch(job["image_url"], json={"alt_text": "A garden."}).status_code == 200
        data = client.get(image["file_url"]).data
        assert HER_NAME not in data
        assert b"trainedAlgorithmicMedia" in data
        drawn = [one for one in attempts(service.calls) if one.call_id == image["call_id"]]
        assert [(one.state, one.provider) for one in drawn] == [("settled", image["provider"])]
        assert (endpoint.wakes, len([one for one in endpoint.posts if one.state == "running"])) == (1, 1)
        service.close()


def test_after_a_kill_what_may_be_billed_has_failed_and_what_asked_nobody_is_drawn_once(tmp_path: Path) -> None:
    (tmp_path / "funza.db").write_bytes(empty_database())
    with FakeImageEndpoint(telling("PNG"), state="running") as endpoint:
        endpoint.will(Reply(body=telling("PNG"), after=30.0))
        server = Server(tmp_path, **_environment(endpoint))
        try:
            first, second = (server.ask(URL, {**WANTED, "seed": seed}) for seed in (1, 2))
            until(lambda: endpoint.posts)
            server.kill()
            assert server.rows("state", "image_jobs", "ORDER BY id") == [("running",), ("queued",)]
            server.start()
            ends = until(lambda: (both := [server.ask(one["url"]) for one in (first, second)])
                         and all(one["state"] in {"done", "failed"} for one in both) and both)
            assert [(one["state"], (one["error"] or {}).get("code")) for one in ends] == [
                ("failed", "server_restart"), ("done", None)]
            seeds = [one.body["parameters"]["seed"] for one in endpoint.posts]
            assert seeds == [1, 2]
            states = server.rows("state", "attempts", "AND ordinal = 1 AND call_id IN "
                                 "(SELECT id FROM calls WHERE feature = 'illustration') ORDER BY id")
            assert states == [("unknown",), ("settled",)]
        finally:
            server.kill()


def _environment(endpoint: FakeImageEndpoint) -> dict[str, str]:
    settings = endpoint_settings(endpoint, strategy="cloud", allow_unpriced=True)
    return {name.upper(): str(value) for name, value in settings.items()}
