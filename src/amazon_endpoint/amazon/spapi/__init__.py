"""Amazon's Selling Partner API."""
