"""Another source for units that were lost, and a parcel for units that a claim was given."""
