"""Benchmarks of the hot paths: every figure beside its floor, measured in the same run."""
