"""The pages that people open: a server of HTML over the API, and the scripts that enhance it."""
