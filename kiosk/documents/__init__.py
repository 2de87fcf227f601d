"""Text or bytes to typed documents: MRZ, names, 2D-Doc, codes, validity, checks, catalogue."""
