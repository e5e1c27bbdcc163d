"""Reading short English questions closely: the facts in them that a sentence vector overlooks. Pure."""
