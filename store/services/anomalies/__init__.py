"""What is out of the ordinary: noticed after the fact, listed, and acknowledged by people."""
