"""Stands in for systemctl: starts what the installed unit files say, as their user, with their settings."""

import configparser
import os
import pwd
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path


class Unit(configparser.ConfigParser):
    """A unit file; a line may stand several times."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None, comment_prefixes=("#",))
        self.optionxform = str
        self.read(path)


def main(words: list[str]) -> int:
    """Start the requested units and return exit status 0."""
    root, code = Path(os.environ["INSTALLATION"]), os.environ["CODE"]
    action, *rest = words
    names = [word for word in rest if not word.startswith("-")]
    if action == "daemon-reload":
        return 0
    if action == "start-node":
        name, bind = names
        unit = Unit(root / "etc/systemd/system/ventanilla-web.service")
        start_web(root, code, unit, name, bind)
        return 0
    for name in names:
        _start(root, code, name)
    return 0


def _start(root: Path, code: str, name: str) -> None:
    if name == "nginx":
        _spawn(root, name, [str(root / "shims/nginx"), "-g", "daemon off;"], dict(os.environ))
        return
    unit = Unit(root / "etc/systemd/system" / name)
    if name.endswith(".timer"):
        assert unit["Timer"]["OnCalendar"] and unit["Timer"]["Persistent"] == "true"
        name = name.replace(".timer", ".service")
        unit = Unit(root / "etc/systemd/system" / name)
        assert unit["Service"]["Type"] == "oneshot"
        for step in ("ExecStart", "ExecStartPost"):
            if step in unit["Service"]:
                command = _command(unit, code, str(root), step)
                done = subprocess.run(command, env=_environment(root, unit), cwd=code, check=False)
                assert done.returncode == 0, (name, step)
        return
    if unit["Service"]["Type"] == "notify":
        start_web(root, code, unit, name, f"unix:{root}/run/ventanilla/web.sock")
    else:
        _spawn(root, name, _command(unit, code, str(root)), _environment(root, unit), code)


def start_web(root: Path, code: str, unit: Unit, name: str, bind: str) -> None:
    """Start the app's own unit at an address and return when it is listening, as `Type=notify` promises."""
    environment = {**_environment(root, unit), "BIND": bind}
    _make_runtime_directory(root, unit)
    command = _command(unit, code, str(root))
    _spawn(root, name, command, environment, code)
    wait_for(bind)


def _make_runtime_directory(root: Path, unit: Unit) -> None:
    service, account = unit["Service"], pwd.getpwnam(unit["Service"]["User"])
    folder = root / "run" / service["RuntimeDirectory"]
    folder.mkdir(exist_ok=True)
    os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(int(service["RuntimeDirectoryMode"], 8))


def _command(unit: Unit, code: str, root: str, step: str = "ExecStart") -> list[str]:
    service = unit["Service"]
    assert service["UMask"] == "0077" and service["User"] == "ventanilla"
    line = service[step].replace("/srv/ventanilla", code)
    words = shlex.split(line.replace("/var/lib/ventanilla", f"{root}/var/lib/ventanilla"))
    return [
        "setpriv",
        "--reuid=ventanilla",
        "--regid=ventanilla",
        "--init-groups",
        "--no-new-privs",
        *words,
    ]


def _environment(root: Path, unit: Unit) -> dict[str, str]:
    file = Path(str(root) + unit["Service"]["EnvironmentFile"])
    pairs = (
        line.partition("=") for line in file.read_text().splitlines() if not line.startswith("#")
    )
    home = pwd.getpwnam("ventanilla").pw_dir
    trusted = str(root.parent / "authority.pem")
    ours = {"PATH": "/usr/bin:/bin", "HOME": home, "SSL_CERT_FILE": trusted}
    return {**ours, **{name: text for name, _, text in pairs}}


def _spawn(
    root: Path, name: str, command: list[str], environment: dict[str, str], folder: str = "/"
) -> None:
    with (root / "log" / name).open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
        )
    (root / "pids" / name).write_text(str(process.pid))


def wait_for(bind: str) -> None:
    """Return when somebody listens there."""
    until = time.monotonic() + 60
    while not _listens(bind):
        assert time.monotonic() < until, f"{bind} does not come up"
        time.sleep(0.05)


def _listens(bind: str) -> bool:
    path, (host, _, port) = bind.removeprefix("unix:"), bind.partition(":")
    try:
        if path != bind:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(path)
        else:
            socket.create_connection((host, int(port))).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
