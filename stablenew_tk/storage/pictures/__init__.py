"""Pictures and thumbnails on disk, and the text inside pictures."""
