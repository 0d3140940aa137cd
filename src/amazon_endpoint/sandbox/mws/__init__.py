"""The retired generation at the local Amazon: Marketplace Web Service, on the same orders."""
