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
    """Return a server, whatever it holds; the proxy is the same before both databases."""
    return installations("sqlite")


@pytest.fixture
def changed(installation: Installation) -> Iterator["ChangedInstallation"]:
    installation.restore_files()
    yield ChangedInstallation(installation)
    installation.restore_files()


class ChangedInstallation:
    """An installation whose settings or site file are changed; both take effect when somebody asks it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.settings, self.site = installation.settings, installation.site

    def change(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def failed_check(self, subject: str) -> str:
        """Return the one failed line of `setup check` about a subject."""
        self.installation.take_effect()
        checked = self.installation.flask("setup", "check", check=False)
        assert checked.returncode == 1
        lines = [line for line in checked.stdout.splitlines() if line.startswith(f"✗ {subject}: ")]
        assert len(lines) == 1, checked.stdout
        return lines[0]

    def client(self) -> SecureClient:
        self.installation.take_effect()
        return client_of(self.installation)


def test_a_proxy_that_names_nobody_serves_nobody(changed: ChangedInstallation) -> None:
    changed.change(changed.site, SENDS, DROPS)
    status, answer = changed.client().ask("GET", "/sync/token")
    assert status == 503 and set(answer) == {"problem"}
    assert "sends 0 addresses in X-Forwarded-For, PROXY_HOPS says 1" in changed.failed_check(
        "address"
    )
    assert changed.client().ask("GET", "/readyz")[0] == 200


@pytest.mark.parametrize(
    ("hops", "sentence"),
    [("2", "PROXY_HOPS says 2"), ("0", "a proxy stands before the app: set PROXY_HOPS=1")],
)
def test_a_wrong_number_of_proxies_serves_nobody(
    changed: ChangedInstallation, hops: str, sentence: str
) -> None:
    changed.change(changed.settings, "PROXY_HOPS=1", f"PROXY_HOPS={hops}")
    assert changed.client().ask("GET", "/sync/token")[0] == 503
    assert sentence in changed.failed_check("address")


def test_a_proxy_that_passes_on_what_a_client_claims_is_reported(
    changed: ChangedInstallation,
) -> None:
    changed.change(changed.site, SENDS, PASSES_ON)
    assert changed.client().ask("GET", "/sync/token")[0] == 503
    assert "a client claims of itself" in changed.failed_check("address")


def test_a_number_of_proxies_that_lets_anybody_choose_an_address_is_reported(
    changed: ChangedInstallation,
) -> None:
    changed.change(changed.settings, "PROXY_HOPS=1", "PROXY_HOPS=2")
    changed.change(changed.site, SENDS, APPENDS)
    assert "PROXY_HOPS is too high" in changed.failed_check("address")


def test_another_public_address_is_reported_and_answers_400(changed: ChangedInstallation) -> None:
    changed.change(changed.settings, "PUBLIC_URL=https://localhost", "PUBLIC_URL=https://127.0.0.1")
    assert changed.client().ask("GET", "/sync/token")[0] == 400
    assert "the certificate of PUBLIC_URL is not trusted" in changed.failed_check("address")


def test_a_certificate_that_is_not_trusted_is_reported(changed: ChangedInstallation) -> None:
    trusted = changed.installation.environment
    changed.installation.environment = lambda: {**trusted(), "SSL_CERT_FILE": "/dev/null"}
    try:
        assert "the certificate of PUBLIC_URL is not trusted" in changed.failed_check("address")
    finally:
        del changed.installation.environment


def test_key_files_that_others_can_read_stop_every_start(changed: ChangedInstallation) -> None:
    keys = changed.installation.root / "etc/ventanilla/card_keys.json"
    keys.chmod(0o644)
    try:
        assert "CARD_KEYS names a file that others can read" in changed.failed_check("settings")
        refused = changed.installation.flask("audit", "verify", check=False)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    finally:
        keys.chmod(0o600)
