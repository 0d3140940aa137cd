"""The later hub format (Wombat, FlowLink, Cangaroo): `request_id`, `parameters`, one object."""
