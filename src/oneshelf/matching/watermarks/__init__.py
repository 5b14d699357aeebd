"""When a SKU's units cross a mark: told once, however many sales lie between."""
