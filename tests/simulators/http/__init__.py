"""What every simulated server is made of: real HTTP/1.1 on loopback, a fault script, a log."""
