"""Schedules against a real SQLite file or PostgreSQL database, in lockstep with the stores in memory."""
