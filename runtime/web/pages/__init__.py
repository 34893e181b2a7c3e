"""The pages and the data that their scripts read; one module each."""
