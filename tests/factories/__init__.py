"""Create desks, accounts, records, shelters and return requests for tests."""
