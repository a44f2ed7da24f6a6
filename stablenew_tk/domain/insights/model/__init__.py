"""The statistics behind the verdicts: the posterior of stars and votes, and how many hints are false."""
