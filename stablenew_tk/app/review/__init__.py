"""Logic of the Review page without Tk: search results, and records as text."""
