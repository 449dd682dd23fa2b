"""Reads person lines, visitor cards, their compositions, and aggregates with the lines behind them (`reconciliation`)."""
