"""Does what the operator's page says, block by block, in a folder of its own instead of the machine's own places.

The commands are those of `docs/operations/install.md`; only the places they name are moved, `apt-get` installs what is
missing, and `systemctl` starts what the unit files say (a test machine has no systemd to ask).
"""

import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.server import free_port
from tests.production import certificates, systemctl

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "operations" / "install.md"
BLOCK = re.compile(r"^```sh( \w+)?\n(.*?)^```$", re.M | re.S)
HOST = "localhost"
PLACES = (
    "/etc/ventanilla",
    "/var/lib/ventanilla",
    "/var/www/ventanilla",
    "/run/ventanilla",
    "/etc/nginx",
    "/etc/systemd/system",
    "/usr/local/bin",
    "/var/log/nginx",
)


DEBIAN = (
    "/etc/nginx",
    "/etc/systemd/system",
    "/usr/local/bin",
    "/var/log/nginx",
    "/var/lib/ventanilla",
    "/var/www",
    "/run",
)
"""What Debian brings, and the home that `useradd --create-home` makes."""


@dataclass
class Installation:
    """One installation under `root`; `code` is its /srv/ventanilla, which several may share."""

    root: Path
    code: Path
    kind: str
    database: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    plain_port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    _right: dict[Path, str] = field(default_factory=dict)
    _effective: dict[Path, str] = field(default_factory=dict)
    _is_used: bool = False

    @property
    def address(self) -> str:
        return f"https://{HOST}:{self.port}"

    def place(self, path: str) -> Path:
        """Where a path of the machine lies in this installation."""
        return Path(self.moved(path))

    def moved(self, text: str) -> str:
        """A text of the page with its places moved; addresses keep their host and get our ports."""
        text = text.replace("/srv/ventanilla", str(self.code))
        for place in PLACES:
            text = re.sub(rf"(?<![\w.-]){place}\b", str(self.root) + place, text)
        text = text.replace("https://desks.example.org", self.address)
        text = text.replace("desks.example.org", HOST)
        for found, ours in self.database.items():
            text = text.replace(found, ours)
        return text

    def run(self, script: str) -> str:
        """Runs a block of the page as the operator's shell would, stopping at the first failure; its output."""
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", self.moved(script)],
            cwd="/",
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        for name in ("usr/local/bin/ventanilla", "etc/ventanilla/ventanilla.env"):
            installed = self.root / name
            if installed.exists():
                installed.write_text(self.moved(installed.read_text()))
        return done.stdout

    def environment(self) -> dict[str, str]:
        """The operator's environment: Debian's own programs first, and none of our settings."""
        ours = {
            name: text for name, text in os.environ.items() if name.startswith(("PIP_", "XDG_"))
        }
        path = f"{self.root}/shims:{self.root}/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        trusted = str(certificates.authority(self.root.parent).certificate)
        more = {"INSTALLATION": str(self.root), "CODE": str(self.code), "SSL_CERT_FILE": trusted}
        pip = {"PIP_CERT": os.environ["SSL_CERT_FILE"]} if "SSL_CERT_FILE" in os.environ else {}
        return {**ours, **pip, **more, "PATH": path, "HOME": "/root", "LC_ALL": "C.UTF-8"}

    def flask(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs `ventanilla …` as the operator does."""
        return subprocess.run(
            [str(self.root / "usr/local/bin/ventanilla"), *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=check,
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends every process that a unit or nginx started."""
        for file in sorted((self.root / "pids").glob("*")):
            _end(int(file.read_text()), how)
            file.unlink()

    @property
    def settings(self) -> Path:
        return self.root / "etc/ventanilla/ventanilla.env"

    @property
    def site(self) -> Path:
        return self.root / "etc/nginx/sites-available/ventanilla"

    def remember(self) -> None:
        """Notes what `put_right` and `begin_again` lead back to."""
        self._right = self._effective = self._read()

    def _read(self) -> dict[Path, str]:
        return {path: path.read_text() for path in (self.settings, self.site)}

    def take_effect(self) -> None:
        """Restarts the app and reloads the proxy if their files changed since the last time."""
        now = self._read()
        if now[self.settings] != self._effective[self.settings]:
            self.restart_web()
        if now[self.site] != self._effective[self.site]:
            self.reload_proxy()
        self._effective = now

    def put_right(self) -> None:
        """Writes settings and site file as they were; whoever needs them lets them take effect."""
        for path, text in self._right.items():
            path.write_text(text)

    def begin_again(self) -> None:
        """Leads back to the end of section 4 if this was called before: the same files, an empty database."""
        if self._is_used:
            self.stop()
            self.put_right()
            self._drop_database()
            self.run("ventanilla db upgrade")
            self.run("systemctl enable --now ventanilla-web.service ventanilla-mail.service nginx")
            systemctl.wait_for(f"127.0.0.1:{self.port}")
            self._effective = self._right
        self._is_used = True

    def _drop_database(self) -> None:
        if self.kind == "postgresql":
            self.run("runuser --user postgres -- dropdb ventanilla_production")
            (block,) = (b for b in blocks(2, self.kind) if "createdb" in b)
            self.run(next(line for line in block.splitlines() if "createdb" in line))
        for path in self.place("/var/lib/ventanilla").glob("ventanilla.sqlite*"):
            path.unlink()

    def reload_proxy(self) -> None:
        """`nginx -s reload`; returns once the former processes take no more connections."""
        former = self._proxies()
        self.run("nginx -s reload")
        until = time.monotonic() + 60
        while former & self._proxies():
            assert time.monotonic() < until, "nginx does not reload"
            time.sleep(0.02)

    def _proxies(self) -> set[str]:
        """The processes of nginx that take connections: one that ends says so in its title."""
        nginx = (self.root / "pids/nginx").read_text()
        children = Path(f"/proc/{nginx}/task/{nginx}/children").read_text().split()
        titles = {pid: _title(pid) for pid in children}
        return {pid for pid, title in titles.items() if title.startswith("nginx: worker process\0")}

    def kill(self, unit: str) -> None:
        """Ends a unit's processes at once, as a power cut would."""
        file = self.root / "pids" / unit
        _end(int(file.read_text()), signal.SIGKILL)

    def restart_web(self) -> None:
        """`systemctl restart ventanilla-web`: with the settings as they are now."""
        _end(int((self.root / "pids" / "ventanilla-web.service").read_text()), signal.SIGTERM)
        self.run("systemctl enable --now ventanilla-web.service")

    def log(self, unit: str) -> str:
        """What a unit wrote, as its journal would show it."""
        return (self.root / "log" / unit).read_text()


def _title(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text() + "\0"
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _end(group: int, how: signal.Signals) -> None:
    try:
        os.killpg(group, how)
    except ProcessLookupError:
        return
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)


def blocks(section: int, kind: str) -> list[str]:
    """The shell blocks of a numbered section of the page, for a database kind."""
    parts = re.split(r"^## \d+\. .*$", PAGE.read_text("utf-8"), flags=re.M)
    found = BLOCK.findall(parts[section])
    return [text for only, text in found if only.strip() in ("", kind)]


def copy_code(target: Path) -> None:
    """Lays the checkout's files where the operator unpacks them, without what only development needs."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if not name.startswith("tests/") and (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)


def prepare(root: Path, code: Path, kind: str, database: dict[str, str]) -> Installation:
    """An empty machine: its folders, Debian's nginx settings, and what stands in for apt and systemd."""
    made = Installation(root, code, kind, database)
    for folder in (*DEBIAN, "/shims", "/pids", "/log"):
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for path in (root.parent, root):
        path.chmod(0o755)
    etc = root / "etc/nginx"
    for name in ("sites-available", "sites-enabled"):
        (etc / name).mkdir(exist_ok=True)
    debian = Path("/etc/nginx/nginx.conf").read_text()
    debian = debian.replace("/etc/nginx/", f"{etc}/").replace("/run/nginx.pid", f"{root}/nginx.pid")
    debian = debian.replace(f"{etc}/modules-enabled", "/etc/nginx/modules-enabled")
    debian = debian.replace("/var/log/nginx", f"{root}/var/log/nginx")
    (etc / "nginx.conf").write_text(debian)
    shutil.copy("/etc/nginx/mime.types", etc / "mime.types")
    for name in ("systemctl", "apt"):
        shim = root / "shims" / {"apt": "apt-get"}.get(name, name)
        shim.write_text(
            f'#!/bin/sh\ncd {CHECKOUT}\nexec {shlex.quote(os.sys.executable)} -m tests.production.{name} "$@"\n'
        )
        shim.chmod(0o755)
    nginx = root / "shims" / "nginx"
    nginx.write_text(f'#!/bin/sh\nexec /usr/sbin/nginx -c {etc}/nginx.conf "$@"\n')
    nginx.chmod(0o755)
    useradd = root / "shims" / "useradd"
    useradd.write_text('#!/bin/sh\nid ventanilla >/dev/null 2>&1 || exec /usr/sbin/useradd "$@"\n')
    useradd.chmod(0o755)
    return made


def own_home(made: Installation) -> None:
    """What `useradd --create-home` makes on a machine where the user is new."""
    account = pwd.getpwnam("ventanilla")
    os.chown(made.root / "var/lib/ventanilla", account.pw_uid, account.pw_gid)
    (made.root / "var/lib/ventanilla").chmod(0o700)


def run_block(made: Installation, block: str) -> None:
    """Runs a block; the test authority signs when its folder is there; nginx gets ports of our own."""
    before, starts, after = block.partition("nginx -t\n")
    made.run(before)
    if before.strip().endswith("/etc/ventanilla/tls"):
        certificates.authority(made.root.parent).sign(HOST, made.root / "etc/ventanilla/tls")
    if starts:
        use_ports(made)
        made.run(starts + after)
        systemctl.wait_for(f"127.0.0.1:{made.port}")


def use_ports(made: Installation) -> None:
    """Lets the proxy listen where an unprivileged test may."""
    site = made.root / "etc/nginx/sites-available/ventanilla"
    text = site.read_text()
    text = re.sub(r"listen (\[::\]:)?80;", f"listen 127.0.0.1:{made.plain_port};", text, count=1)
    text = re.sub(r"listen 443 ssl http2;", f"listen 127.0.0.1:{made.port} ssl http2;", text)
    text = re.sub(r"\n *listen \[::\].*", "", text)
    text = text.replace("listen 127.0.0.1:9180;", f"listen 127.0.0.1:{made.metrics_port};")
    site.write_text(made.moved(text))
