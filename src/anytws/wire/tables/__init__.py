"""The table: one entry a message, one file a topic, named as in `anytws.messages`."""
