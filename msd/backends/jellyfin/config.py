"""The keys of a Jellyfin source's `config`; each is "true" or absent."""

ALLOW_INSECURE = "allow_insecure"  # the user asked for plain http to a public address
BY_API_KEY = "by_api_key"  # the token is an API key, which has no user of its own
