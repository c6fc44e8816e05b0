"""The invariants of ORDERS.md section 9, checked after every step of a schedule."""
