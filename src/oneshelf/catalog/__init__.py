"""What exists before any order: products, nodes, carriers, channels, brands, customers, staff."""
