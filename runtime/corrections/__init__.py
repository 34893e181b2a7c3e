"""People's corrections of a finished job: edits over the findings, which stay as found."""
