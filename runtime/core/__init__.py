"""Domain of Lifestream: names, job lifecycle, media values, ports. Standard library only."""
