"""Checks policies of templates against the service authorization reference of AWS."""
