"""Drives the real lease keeper through random schedules under virtual time, looking for gaps."""
