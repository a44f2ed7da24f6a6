"""A Dask cluster: the scheduler, the program of a worker, and the operator's end of the connection."""
