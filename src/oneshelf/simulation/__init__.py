"""What would happen if: seeded worlds that run the real decisions."""
