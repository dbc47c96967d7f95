"""Attempts to lose data: kills, crashes, full disks, damage, hostile files.

`python -m tests.torture [kill|crash|full|damage|hostile] [TRIALS]`; pytest runs a few of each.
"""
