"""What Packs knows without a window: the open pack, drafts that are not saved, checks and variants in words."""
