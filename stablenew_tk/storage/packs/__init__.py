"""Prompt packs, their settings files, and wildcards."""
