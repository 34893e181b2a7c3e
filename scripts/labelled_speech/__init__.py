"""Recorded speech with known words in several languages, out of Debian packages."""
