"""Several machines: what a job needs, what a node offers, and which node makes which job."""
