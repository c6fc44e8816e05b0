"""Tier B: real processes, databases and sockets, killed at random; then the ledger is compared with everything."""
