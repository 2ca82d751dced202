"""Play music on a guitar: tunings, what a hand can reach, fingering and tablature."""
