"""The fault table as data, and what plays it: one call through the real adapters and the real ledger, against loopback
providers that fail as told and keep their own invoice. Used by the tests and by `python -m bench.faults`.
"""
