"""The report as text, JSON and other forms."""
