"""Packs: the editor for prompt packs, with a live check and a preview of what would be made."""
