"""The report of a mistake of the program: what it says, and what it must not say."""
