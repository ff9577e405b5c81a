"""What is live and should not be: observed, shown three ways, answered."""
