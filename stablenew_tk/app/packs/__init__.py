"""Logic of the Packs page without Tk: the open pack, unsaved drafts, texts about checks and variants."""
