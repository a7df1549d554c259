"""What the screens show, as plain data: lines of safe text with styles by name. Nothing here knows a widget."""
