"""Reads XLSX and CSV safely: what it cannot read it says in one sentence (`reading`, limits in `limits`)."""
