"""Write the settings and keys of a new installation: new_settings.py FOLDER PUBLIC_URL [DATABASE_URL]."""

import json
import os
import secrets
import sys
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SQLITE = "sqlite:////var/lib/ventanilla/ventanilla.sqlite"


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 done, 1 refused, 2 wrong usage. Existing files are never changed."""
    if len(arguments) not in (2, 3):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder, public_url, *database = arguments
    os.umask(0o077)
    settings = Path(folder) / "ventanilla.env"
    if settings.exists():
        sys.stderr.write(f"{settings} is there already: nothing was changed.\n")
        return 1
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder).chmod(0o755)  # the app reads its keys there; each file is for its owner alone
    year = datetime.now(UTC).year
    card_keys = {str(number): secrets.token_urlsafe(32) for number in (year, year + 1)}
    scalar = (1 + secrets.randbelow(P256_ORDER - 1)).to_bytes(32, "big")
    outbox_keys = {f"{datetime.now(UTC):%Y-%m-%d}": urlsafe_b64encode(scalar).decode().rstrip("=")}
    _write(Path(folder) / "card_keys.json", json.dumps(card_keys, indent=1) + "\n")
    _write(Path(folder) / "outbox_keys.json", json.dumps(outbox_keys, indent=1) + "\n")
    _write(settings, _lines(folder, public_url, (database or [SQLITE])[0]))
    sys.stdout.write(
        f"{settings} and two key files were written: keep a copy apart from backups.\n"
    )
    return 0


def _lines(folder: str, public_url: str, database_url: str) -> str:
    values = {
        "ENVIRONMENT": "production",
        "PUBLIC_URL": public_url,
        "PROXY_HOPS": "1",
        "DATABASE_URL": database_url,
        "RUNTIME_DIRECTORY": "/run/ventanilla",
        "SECRET_KEY": secrets.token_urlsafe(32),
        "AUDIT_KEY": secrets.token_urlsafe(32),
        "CARD_KEYS": str(Path(folder) / "card_keys.json"),
        "OUTBOX_KEYS": str(Path(folder) / "outbox_keys.json"),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items()) + "# SMTP_URL=\n"


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
