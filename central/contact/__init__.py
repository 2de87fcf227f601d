"""Codes to the customer's own mailbox and telephone, and the signed word that they came back."""
