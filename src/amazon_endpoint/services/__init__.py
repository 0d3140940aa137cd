"""Services: one plain async function for each thing a hub can ask."""
