"""Subscriptions: who wants to hear of which events."""
