"""Runs the benchmark on SQLite and on a PostgreSQL of its own that keeps what it acknowledged."""

from tests.benchmarks.cli import bench

if __name__ == "__main__":
    bench(prog_name="python -m tests.benchmarks")
