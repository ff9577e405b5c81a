"""What is owed, by whom, by when; and the round that makes findings and reminders of what is not done."""
