"""To an environment and back: deployments, rollbacks, and the one push that both share."""
