"""Schemas of tablets: what they send and get, and what adds or moves one."""
