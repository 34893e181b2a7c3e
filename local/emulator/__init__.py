"""The embedded AWS: ministack, extended by one small module for each gap it has for Lifestream.

A module begins with its gap, in brackets the version of ministack in which it was seen and where
the change belongs: `upstream` is general enough for ministack, `partly upstream` needs the changes
that are named, `local` serves this project alone. `Launcher` begins the modules that run ministack.
"""
