"""`desk demo`: the simulator, and a desk that trades with it, as one command."""
