"""Units go from their shelves into totes, or turn out not to be there."""
