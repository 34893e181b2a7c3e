"""Breaks the whole system on purpose and checks that nothing is lost and nothing done twice."""
