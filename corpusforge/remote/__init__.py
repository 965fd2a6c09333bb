"""Files in object stores and on servers, through fsspec: addresses, what a store says and does, reading by blocks."""
