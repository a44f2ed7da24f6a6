"""Prompt packs on disk: finding, reading and writing packs, their settings files, and wildcard lists."""
