"""Personal data in what was said: found by patterns with check digits, and replaced."""
