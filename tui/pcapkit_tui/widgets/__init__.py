"""Widgets: they draw what the view model gives, and hold no logic of their own."""
