"""The smallest override of the converted bases that gives the v3 tree."""
