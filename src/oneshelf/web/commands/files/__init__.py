"""Files in and out: the catalog, counted stock, deliveries, orders."""
