"""An alarm storm over a large service inventory."""
