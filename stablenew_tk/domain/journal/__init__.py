"""Records and ratings: the lines of the journal, and the history folded from them."""
