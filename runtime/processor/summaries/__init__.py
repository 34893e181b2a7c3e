"""Summaries: templates, extraction, questions to a model, and the check of what it writes."""
