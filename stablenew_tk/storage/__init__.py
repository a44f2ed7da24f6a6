"""What is kept on disk: journal, settings, packs, pictures, thumbnails."""
