"""Application Auto Scaling: the API, its targets and step scaling."""
