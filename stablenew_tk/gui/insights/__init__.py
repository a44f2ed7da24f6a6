"""Insights: what the ratings prove, with the probability, and hints from everyday runs."""
