"""The API: jobs, uploads, results and live progress over HTTP, for people's tools and machines."""
