"""Levenshtein distance of long texts (Myers 1999, in Hyyro's form): a column of the table is two big integers."""


def edit_distance(first: str, second: str) -> int:
    """How many characters to insert, delete or replace. edit_distance("kitten", "sitting") -> 3"""
    if not first:
        return len(second)
    places: dict[str, int] = {}
    for i, character in enumerate(first):
        places[character] = places.get(character, 0) | 1 << i
    full, last = (1 << len(first)) - 1, 1 << len(first) - 1
    plus, minus, distance = full, 0, len(first)
    for character in second:
        match = places.get(character, 0)
        diagonal = ((match & plus) + plus ^ plus) | match | minus
        up, down = minus | ~(diagonal | plus) & full, plus & diagonal
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & full, down << 1 & full
        plus, minus = down | ~(diagonal | up) & full, up & diagonal
    return distance
