"""The policy of a workspace: what is in force, what is proposed, what lies on disk."""
