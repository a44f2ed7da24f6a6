"""What ratings prove: posterior, verdict, report. The entry point is `analysis.analyse`."""
