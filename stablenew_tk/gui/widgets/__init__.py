"""The parts every page is built of: theme, buttons, fields, lists, picture grid, keyboard."""
