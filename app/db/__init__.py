"""The database: session and transactions, types, connections, faults, idempotent inserts, snapshots."""
