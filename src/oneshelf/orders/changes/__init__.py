"""What changes after placement: cancellations, holds, new sources for lost units."""
