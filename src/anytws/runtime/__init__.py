"""AnyIO: moves bytes and wakes tasks, on trio and on asyncio. What anything means is decided in `anytws.core`."""
