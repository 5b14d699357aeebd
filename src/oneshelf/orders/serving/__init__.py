"""A claim got units: its line stops waiting and gets a parcel."""
