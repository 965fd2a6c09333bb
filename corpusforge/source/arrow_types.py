"""What Arrow column types can stand for: text, scalars as strings, values that JSON can hold.

Parquet does not check the UTF-8 of its strings and pyarrow does not when it reads them, so that happens here; timestamps
with a zone are written in UTC, which needs no zone database on the machine.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Positions = dict[int, UnicodeDecodeError]


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds strings, in any of Arrow's layouts."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_string_view(plain))


def is_scalar(kind: pa.DataType) -> bool:
    """Whether every value of a column has a plain spelling: strings, numbers, booleans, dates and times, or only nulls."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    checks = (
        is_text, pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_temporal,
        pa.types.is_null,
    )  # fmt: skip
    return any(check(plain) for check in checks)


def json_type(kind: pa.DataType) -> pa.DataType | None:
    """The type to cast to before values become JSON, None where JSON has no place for them (bytes)."""
    if pa.types.is_dictionary(kind):
        return json_type(kind.value_type)
    if pa.types.is_struct(kind):
        fields = [(field.name, json_type(field.type)) for field in kind]
        return None if any(inner is None for _, inner in fields) else pa.struct(fields)
    if pa.types.is_map(kind):
        key, item = json_type(kind.key_type), json_type(kind.item_type)
        return None if key is None or item is None else pa.map_(key, item)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = json_type(kind.value_type)
        return None if inner is None else pa.large_list(inner)
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind) or is_text(kind):
        return pa.large_string()
    return kind if is_scalar(kind) else None


def as_strings(array: pa.Array) -> tuple[pa.LargeStringArray, Positions]:
    """A scalar column as strings, and the positions whose bytes are not UTF-8: these are null in the strings."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        naive = array.cast(pa.timestamp(array.type.unit)).cast(pa.large_string())
        return pc.binary_join_element_wise(naive, *pa.array(["Z", ""], naive.type)), {}
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), pa.large_string()), {}
    if not is_text(array.type):
        return array.cast(pa.large_string()), {}
    return _checked(array)


def _checked(array: pa.Array) -> tuple[pa.LargeStringArray, Positions]:
    strings = array.cast(pa.large_string())
    try:
        strings.validate(full=True)
        return strings, {}
    except pa.ArrowInvalid:
        pass  # some value is not UTF-8: look at each
    values = strings.cast(pa.large_binary()).to_pylist()
    bad = {row: error for row, value in enumerate(values) if (error := _decode_error(value)) is not None}
    good = [None if row in bad else value for row, value in enumerate(values)]
    return pa.array(good, pa.large_binary()).cast(pa.large_string()), bad


def _decode_error(value: bytes | None) -> UnicodeDecodeError | None:
    try:
        (value or b"").decode()
    except UnicodeDecodeError as error:
        return error
    return None


def sizes_bytes(strings: pa.Array) -> np.ndarray:
    """UTF-8 bytes of each string, int64 [rows]; 0 for null."""
    return np.asarray(pc.fill_null(pc.binary_length(strings), 0)).astype(np.int64)
