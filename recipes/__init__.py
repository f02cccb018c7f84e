"""Recipes that make the data this project ships."""
