"""What belongs to whom: cash, positions, margins and profits of each account, always as the executions say."""
