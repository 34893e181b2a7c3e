"""Decoded media: frames, frame scores and the audio timeline."""
