"""Logic of the Models page without Tk: facts about a model, search and sorting."""
