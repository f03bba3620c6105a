"""Objects on the bus: interfaces written in Python, served by their XML."""
