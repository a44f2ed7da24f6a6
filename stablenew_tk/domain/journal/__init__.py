"""The journal (records, ratings, plans) as data: the kinds of lines, and the `History` that is folded from them."""
