"""Rules for code, one file each; those that other members of a family share lie beside them."""
