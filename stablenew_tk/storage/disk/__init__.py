"""File system basics: folders of the program, atomic writing, locks, editing of JSON text, network drives."""
