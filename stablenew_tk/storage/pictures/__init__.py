"""Picture files: saving, thumbnails, and reading of the generation metadata inside pictures."""
