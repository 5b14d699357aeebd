"""A tote becomes a closed parcel."""
