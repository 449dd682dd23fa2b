"""Stands in for apt-get: installs what is missing and asks the network for nothing else."""

import subprocess
import sys


def main(words: list[str]) -> int:
    """Return the exit status of apt-get."""
    packages = [word for word in words[1:] if not word.startswith("-")]
    missing = [
        name
        for name in packages
        if subprocess.run(["dpkg", "-s", name], capture_output=True, check=False).returncode
    ]
    if words[:1] == ["install"] and missing:
        subprocess.run(["/usr/bin/apt-get", "update", "-qq"], check=True)
        return subprocess.run(
            ["/usr/bin/apt-get", "install", "-y", "-q", *missing], check=False
        ).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
