"""Attacks by chance on files, servers and the app: what `scripts/reliability.py` does for hours."""
