"""How it leaves: picking, packing, shipping, pickup."""
