"""Prompt packs, the prompt syntax, wildcards, and the randomizer that makes variants."""
