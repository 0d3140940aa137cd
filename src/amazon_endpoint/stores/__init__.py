"""Where orders go: one module for each kind of store."""
