"""HTTP endpoints, one module for each part of the address space."""
