"""How many parcels a node can send on a day: taken and given back like stock."""
