"""The simulated server itself: accounts, HTTP, websocket, faults, start and stop."""
