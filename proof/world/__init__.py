"""One schedule's world: processes that die, a database that fails, logins, a market, and people."""
