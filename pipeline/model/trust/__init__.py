"""Trust: whose signatures are accepted, and the formats that they are kept in."""
