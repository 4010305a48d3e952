"""Languages in which users state conditions over objects."""
