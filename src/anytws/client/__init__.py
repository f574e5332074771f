"""What people type: `Tws` with its verbs by topic, and the blocks in which a connection lives."""
