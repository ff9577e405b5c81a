"""What leaves the house as evidence: the verifier that travels with it. Imports nothing of ours."""
