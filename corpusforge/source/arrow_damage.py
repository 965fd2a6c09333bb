"""Whether a batch that was mapped from a file can be looked at: its offsets and indices lead nowhere but into its buffers.

pyarrow's full validation also refuses strings that are not UTF-8, which are the fault of one row and no damage. So where it
refuses, the strings are looked at once more as plain bytes.
"""

from collections.abc import Iterable

import pyarrow as pa

_BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}


def check_names(fields: Iterable[pa.Field]) -> None:
    """Raise UnicodeDecodeError where a name is not UTF-8, which pyarrow does only when it is asked for."""
    for field in fields:
        _ = field.name
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        check_names(kind.field(number) for number in range(kind.num_fields))


def is_sound(batch: pa.RecordBatch) -> bool:
    """Whether all of a batch is where it says, whatever its strings hold."""
    return all(_is_valid(column) or _is_valid_as_bytes(column) for column in batch.columns)


def _is_valid(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowException:
        return False
    return True


def _is_valid_as_bytes(column: pa.Array) -> bool:
    try:
        return _is_valid(column.view(_as_bytes(column.type)))
    except pa.ArrowException:  # its buffers do not even fit its type
        return False


def _as_bytes(kind: pa.DataType) -> pa.DataType:
    """A type of the same layout whose strings are bytes."""
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _as_bytes(kind.value_type), kind.ordered)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_as_bytes(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_as_bytes(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_as_bytes(kind.value_type)))
    return _BYTES.get(kind, kind)
