"""What happens when: polls, deliveries and confirmations of the accounts configured here."""
