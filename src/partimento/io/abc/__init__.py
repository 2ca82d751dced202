"""Read ABC files, by the rules of the ABC standard 2.1."""
