"""Logic of the Create page without Tk: chosen pack and prompts, values with their sources, preview of the next run."""
