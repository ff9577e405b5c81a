"""What an auditor asks for: verification, proofs, evidence, copies, backups."""
