"""What happens in one schedule: which faults are drawn, and what people do."""
