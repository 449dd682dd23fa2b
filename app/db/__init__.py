"""The database: session and transactions, types, connections, errors, idempotent inserts, snapshots."""
