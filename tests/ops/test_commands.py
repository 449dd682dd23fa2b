"""A command that meets a database fault ends with one sentence and no value."""

from pathlib import Path

from tests.ops.test_start import start


def test_a_command_on_a_database_without_tables_says_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    path.touch()
    for arguments in (
        ("counts", "show", "--month", "2026-03"),
        ("retention", "purge"),
        ("audit", "verify"),
    ):
        failed = start(f"sqlite:///{path}", *arguments)
        assert failed.returncode == 1, arguments
        assert failed.stderr == (
            "The database cannot be used now (schema): lacks a table or column that this code needs: "
            "db upgrade\n"
        ), (arguments, failed.stderr)
