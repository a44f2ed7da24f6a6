"""Logic of the Insights page without Tk: reports of plans, entries of the list, buttons of a verdict."""
