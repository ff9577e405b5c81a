"""Who is who: people, their keys, who is calling, and the log's own key."""
