"""`PipelineConfig`, the catalogue of its parameters, and sweeps over them."""
