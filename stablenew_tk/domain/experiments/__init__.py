"""How a Learning Run is designed: drafts, plan files, suggestions."""
