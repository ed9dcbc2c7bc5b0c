"""The drivers that come with the server."""
