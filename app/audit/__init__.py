"""The audit log: who saw or changed what; append-only, each entry chained to the one before. It holds no values."""
