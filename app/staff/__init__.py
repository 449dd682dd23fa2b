"""Accounts, roles, scopes and sign-in of the people who work with the app."""
