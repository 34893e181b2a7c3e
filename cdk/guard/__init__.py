"""Refuses changes that would delete or replace what holds data, unless somebody wrote down why."""
