"""What both ends of the sync agree on: messages, policy, receipts, outbox states, retry time."""
