"""Files and folders that tests make."""
