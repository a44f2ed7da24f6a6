"""Folders of the program, safe writing of files, JSON kept as the user wrote it."""
