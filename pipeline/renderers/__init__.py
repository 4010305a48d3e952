"""One file per kind of source; what each yields are objects with their origins."""
