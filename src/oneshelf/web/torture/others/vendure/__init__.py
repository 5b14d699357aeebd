"""Vendure 3 under attack, by its own GraphQL doors."""
