"""The page that shows what is in a workflow before it is imported."""
