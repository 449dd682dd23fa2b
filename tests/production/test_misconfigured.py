"""What an operator gets wrong is one sentence of `setup check`, and never a service that mixes people up."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.production.clients import SecureClient, client_of
from tests.production.operator import Installation

SENDS = "proxy_set_header X-Forwarded-For $remote_addr;"
DROPS = 'proxy_set_header X-Forwarded-For "";'
PASSES_ON = ""
APPENDS = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"


@pytest.fixture(scope="module")
def installation(installations: Callable[[str], Installation]) -> Installation:
    """A server, whatever it holds; the proxy is the same before both databases."""
    return installations("sqlite")


@pytest.fixture
def wrong(installation: Installation) -> Iterator["Wrong"]:
    installation.put_right()
    yield Wrong(installation)
    installation.put_right()


class Wrong:
    """An installation whose settings or site file are changed; both take effect when somebody asks it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.settings, self.site = installation.settings, installation.site

    def change(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def told(self, subject: str) -> str:
        """The one line of `setup check` that is wrong about a subject."""
        self.installation.take_effect()
        checked = self.installation.flask("setup", "check", check=False)
        assert checked.returncode == 1
        lines = [line for line in checked.stdout.splitlines() if line.startswith(f"✗ {subject}: ")]
        assert len(lines) == 1, checked.stdout
        return lines[0]

    def client(self) -> SecureClient:
        self.installation.take_effect()
        return client_of(self.installation)


def test_a_proxy_that_names_nobody_serves_nobody(wrong: Wrong) -> None:
    wrong.change(wrong.site, SENDS, DROPS)
    status, told = wrong.client().ask("GET", "/sync/token")
    assert status == 503 and set(told) == {"problem"}
    assert "sends 0 addresses in X-Forwarded-For, PROXY_HOPS says 1" in wrong.told("address")
    assert wrong.client().ask("GET", "/readyz")[0] == 200


@pytest.mark.parametrize(
    ("hops", "sentence"),
    [("2", "PROXY_HOPS says 2"), ("0", "a proxy stands before the app: set PROXY_HOPS=1")],
)
def test_a_wrong_number_of_proxies_serves_nobody(wrong: Wrong, hops: str, sentence: str) -> None:
    wrong.change(wrong.settings, "PROXY_HOPS=1", f"PROXY_HOPS={hops}")
    assert wrong.client().ask("GET", "/sync/token")[0] == 503
    assert sentence in wrong.told("address")


def test_a_proxy_that_passes_on_what_a_client_claims_is_told(wrong: Wrong) -> None:
    wrong.change(wrong.site, SENDS, PASSES_ON)
    assert wrong.client().ask("GET", "/sync/token")[0] == 503
    assert "a client claims of itself" in wrong.told("address")


def test_a_number_of_proxies_that_lets_anybody_choose_an_address_is_told(wrong: Wrong) -> None:
    wrong.change(wrong.settings, "PROXY_HOPS=1", "PROXY_HOPS=2")
    wrong.change(wrong.site, SENDS, APPENDS)
    assert "PROXY_HOPS is too high" in wrong.told("address")


def test_another_public_address_is_told_and_answers_400(wrong: Wrong) -> None:
    wrong.change(wrong.settings, "PUBLIC_URL=https://localhost", "PUBLIC_URL=https://127.0.0.1")
    assert wrong.client().ask("GET", "/sync/token")[0] == 400
    assert "the certificate of PUBLIC_URL is not trusted" in wrong.told("address")


def test_a_certificate_that_is_not_trusted_is_told(wrong: Wrong) -> None:
    trusted = wrong.installation.environment
    wrong.installation.environment = lambda: {**trusted(), "SSL_CERT_FILE": "/dev/null"}
    try:
        assert "the certificate of PUBLIC_URL is not trusted" in wrong.told("address")
    finally:
        del wrong.installation.environment


def test_key_files_that_others_can_read_stop_every_start(wrong: Wrong) -> None:
    keys = wrong.installation.root / "etc/ventanilla/card_keys.json"
    keys.chmod(0o644)
    try:
        assert "CARD_KEYS names a file that others can read" in wrong.told("settings")
        refused = wrong.installation.flask("audit", "verify", check=False)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    finally:
        keys.chmod(0o600)
