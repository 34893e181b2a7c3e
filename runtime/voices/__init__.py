"""Known voices: profiles of people who consented, and names proposed for later recordings."""
