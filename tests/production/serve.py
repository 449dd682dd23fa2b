"""`make serve`: an installation as on the operator's page, on this machine, until it is stopped; nothing stays."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.production import certificates, operator


def main() -> int:
    """Return exit status 0 after Ctrl-C; 1 if this is not root: only root can start services as other users."""
    if os.geteuid() != 0:
        sys.stderr.write("make serve sets up a server and needs root: sudo make serve\n")
        return 1
    machine = Path(tempfile.mkdtemp(prefix="ventanilla-serve-"))
    machine.chmod(0o755)
    installation = operator.prepare(machine / "server", machine / "srv", "sqlite", {})
    installation.port = int(os.environ.get("PORT", "8443"))
    try:
        operator.copy_code(installation.code)
        for block in operator.blocks(1, installation.kind):
            installation.run(block)
        operator.own_home(installation)
        certificates.authority(machine)
        for section in (2, 3, 4):
            for block in operator.blocks(section, installation.kind):
                operator.run_block(installation, block)
        link = installation.run("ventanilla staff invite admin --role admin").strip()
        sys.stdout.write(
            f"{installation.address} is served in production; trust {machine}/authority.pem in your browser.\n"
            f"First account: {link}\n"
            f"Its commands: {installation.root}/usr/local/bin/ventanilla setup check\nCtrl-C ends it.\n"
        )
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        installation.stop()
        shutil.rmtree(machine, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
