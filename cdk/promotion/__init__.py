"""How a change reaches production: images built once, stages, who may do what on the way."""
