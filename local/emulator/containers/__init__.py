"""Task containers: local processes, and real containers where an image is used."""
