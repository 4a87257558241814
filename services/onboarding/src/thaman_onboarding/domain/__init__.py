"""What a store, a key and the installation are, and which changes they allow. Pure."""
