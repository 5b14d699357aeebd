"""The demo's world: a British retailer with 2 warehouses and 14 stores, and its week in December.

Places, products and orders are real (see `excerpt/SOURCE.md`); names, streets, weights, sizes,
stock, carriers and accidents are invented by a seed. Everything here is a pure function of the
packaged excerpt and the seed: `script.week` puts it together.
"""
