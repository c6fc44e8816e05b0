"""The broker of a schedule: its ledger, its readings of what the papers leave open, and its wire."""
