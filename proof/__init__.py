"""The proof that no order is doubled, lost or misreported (ORDERS.md section 9). Nothing imports it."""
