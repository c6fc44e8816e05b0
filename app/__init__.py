"""Trading Platform: one trade, every client, and the truth about every order."""
