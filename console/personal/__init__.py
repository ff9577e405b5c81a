"""What belongs to the person at the terminal and to no ledger: their keys, their settings, where they left off."""
