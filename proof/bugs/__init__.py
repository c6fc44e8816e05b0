"""Known ways to be wrong, each planted in a copy of the desk: the schedules must catch every one (FAULTS.md)."""
