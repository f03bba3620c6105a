"""D-Bus messages as bytes: values by signature, headers, arguments."""
