"""TLS: a certificate that nobody vouches for is refused before the key leaves; a trusted one works."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.errors import Untrusted
from chatbot.providers import PROVIDERS
from chatbot.providers.interface import Cancel
from chatbot.providers.vendor_client import proxy_for
from tests.chatbot.providers.asking import Ask, pointed_at
from tests.loopback import Answer, Hang, LoopbackProvider


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fresh self-signed certificate and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=loopback",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture
def secure(certificate: Path) -> Iterator[LoopbackProvider]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with LoopbackProvider(tls=context) as upstream:
        yield upstream


@pytest.mark.parametrize("name", ["together", "openai"])
def test_a_certificate_that_nobody_vouches_for_is_refused_and_no_key_was_sent(
        secure: LoopbackProvider, name: str) -> None:
    error = Ask(pointed_at(secure, PROVIDERS[name]), False)().failed_with(Untrusted)
    assert error.ends == "released"
    assert "TLS" in error.detail
    assert secure.requests == []


@pytest.mark.parametrize("name", ["together", "openai"])
def test_a_server_that_speaks_no_tls_is_refused(name: str) -> None:
    with LoopbackProvider() as plain:
        provider = pointed_at(plain, PROVIDERS[name])
        provider._base_url = provider._base_url.replace("http://", "https://")
        Ask(provider, False)().failed_with(Untrusted)


@pytest.mark.parametrize("name", ["together", "openai"])
def test_an_authority_of_your_own_is_trusted_and_a_cancel_reaches_into_tls(
        secure: LoopbackProvider, certificate: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    ask = Ask(pointed_at(secure, PROVIDERS[name]), True)
    assert ask().finish.finish_reason == "stop"
    secure.will(Answer("one two three", hang_after=2), Hang())
    for expected in ("one two", ""):
        cancel = Cancel()
        threading.Timer(0.2, cancel).start()
        outcome = ask(cancel, first_token_timeout=20.0, idle_timeout=20.0)
        assert outcome.text == expected
        assert outcome.seconds < 10.0


@pytest.mark.parametrize(("url", "proxy"), [
    ("https://api.together.xyz", "http://proxy:3128"), ("https://inside.example/v1", None),
    ("http://api.together.xyz", None), ("http://127.0.0.1:9100", None)])
def test_only_https_goes_through_the_proxy_of_the_environment(
        monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    for name, value in {"https_proxy": "http://proxy:3128", "http_proxy": "http://proxy:3128",
                        "no_proxy": "inside.example"}.items():
        monkeypatch.setenv(name, value)
        monkeypatch.delenv(name.upper(), raising=False)
    assert proxy_for(url) == proxy
