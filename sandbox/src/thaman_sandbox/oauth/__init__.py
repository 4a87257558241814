"""The OAuth server: authorise page, token endpoint, user info."""
