"""The hub's side: pure codecs between bytes and values. Nothing here reads or sends anything."""
