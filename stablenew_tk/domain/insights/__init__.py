"""Statistics of ratings: Bayesian analysis of Learning Runs, verdicts, reports, blind rating, hints from everyday runs.

Start at `analysis.analyse` for the arithmetic and at `report.report` for a whole Learning Run.
"""
