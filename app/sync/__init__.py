"""Tablets: devices, sealed envelopes and their quarantine; what a tablet needs beyond the pages."""
