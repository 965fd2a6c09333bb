"""The one way to compile a loop: `@kernel` turns an annotated function into machine code the first time it is called.

Why not numba's njit directly: importing numba costs 0.2-0.3 s, which `corpusforge --help` must not pay; njit(cache=True)
raises at import where no cache folder can be written; and left to itself it compiles once more for every mixture of
read-only and writable arrays it meets. Here numba is imported on first use, a missing cache only costs compile time,
and the annotations are the one signature: int, float, bool, NumPy scalar types, NDArray[...] (one-dimensional,
C-contiguous, read-only: a kernel returns new arrays, it never changes an argument), NamedTuples of these, and
Callable[[...], ...] of scalars for a function of a C library (see `foreign`). A writable array is taken as read-only, except
inside a NamedTuple. Mind that in compiled code int(x) of an unsigned x stays unsigned.

numba's cache notices when the file of a function changes, but not when a kernel or constant that it uses from another
file does. So compiled code is kept under a digest of all of corpusforge.text, and a kernel may use kernels and constants
of its own file and of this package, nothing else; tables come as arguments.
"""

import ctypes
import os
import sys
import tempfile
from collections import abc
from collections.abc import Callable
from functools import cached_property, lru_cache
from hashlib import sha256
from inspect import signature
from pathlib import Path
from threading import RLock
from types import FunctionType
from typing import Any, Generic, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = __name__.rpartition(".")[0]
_SCALARS = {int: "int64", float: "float64", bool: "boolean"}
_COMPILING = RLock()

# Arguments of glibc's mallopt, and up to how many bytes freed memory stays with the process.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 2**28


class Kernel(Generic[P, R]):
    """A function compiled on its first call; kernels of the same module and of corpusforge.text may call each other."""

    def __init__(self, function: Callable[P, R]) -> None:
        assert isinstance(function, FunctionType)
        self.function: FunctionType = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it; raises TypeError when an argument is not of the annotated type."""
        assert not kwargs, "kernels take positional arguments"
        return cast("R", self.compiled(*args))  # what numba returns is of the annotated type

    @cached_property
    def compiled(self) -> Callable[..., object]:
        """The numba dispatcher, loaded from the cache folder or compiled now."""
        self._refuse_foreign_kernels()
        _keep_freed_memory()
        folder = _cache_folder()
        if folder is not None:
            try:
                return self._compile(folder)
            except (RuntimeError, OSError):  # it was writable a moment ago: the disk is full, or the folder is gone
                pass
        return self._compile(None)

    @property
    def _numba_type_(self) -> object:
        """Asked by numba when another kernel calls this one."""
        return cast("Any", self.compiled)._numba_type_

    def _compile(self, cache: Path | None) -> Callable[..., object]:
        import numba

        hints = get_type_hints(self.function)
        arguments = tuple(_numba_type(hints[name]) for name in signature(self.function).parameters)
        config: Any = numba.config  # its attributes are set at run time
        with _COMPILING:
            before = config.CACHE_DIR
            config.CACHE_DIR = str(cache or before)
            try:
                compiled = numba.njit(arguments, nogil=True, cache=cache is not None)(self.function)
            finally:
                config.CACHE_DIR = before
        return cast("Callable[..., object]", compiled)

    def _refuse_foreign_kernels(self) -> None:
        for name in self.function.__code__.co_names:
            other = self.function.__globals__.get(name)
            if isinstance(other, Kernel) and other.__module__ != self.__module__:
                where = f"{self.__module__}.{self.__name__} calls {other.__module__}.{other.__name__}"
                if other.__module__.rpartition(".")[0] != _PACKAGE:
                    raise TypeError(f"{where}; move the callee to {_PACKAGE}, or the cached caller may go stale")


def kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Compile `function` on first use, without the GIL; its annotations are its only signature."""
    return Kernel(function)


def foreign(function: object, signature: Callable[P, R]) -> Callable[P, R]:
    """A function that ctypes has loaded, as an argument for a kernel, which calls it 20 times faster than Python can.

    `signature` is the annotation Callable[[...], ...] of that argument, of NumPy scalar types; pointers are np.int64.
    """
    from numba import types

    address = ctypes.cast(cast("Any", function), ctypes.c_void_p).value or 0
    numba_signature = _foreign_signature(signature)

    class Foreign(types.WrapperAddressProtocol):
        def __wrapper_address__(self) -> int:
            return address

        def signature(self) -> Any:
            return numba_signature

    return cast("Callable[P, R]", Foreign())


def _foreign_signature(hint: Any) -> Any:
    arguments, result = get_args(hint)
    return cast("Any", _numba_type(result))(*map(_numba_type, arguments))


@lru_cache(maxsize=1)
def _keep_freed_memory() -> None:
    """Have glibc keep the arrays that kernels free for those to come.

    It would give blocks beyond 32 MB back to the system at once, and to get pages anew took a third of the time in which words
    are found. Other C libraries have no such setting, or need none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


@lru_cache(maxsize=1)
def _cache_folder() -> Path | None:
    """A writable folder for what is compiled from these very sources, None where there is none."""
    here = Path(__file__).parent
    digest = sha256(b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))).hexdigest()[:12]
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    parents = [os.path.abspath(chosen)] if chosen else [str(here / "__pycache__"), home]
    for parent in filter(os.path.isabs, parents):
        folder = Path(parent, f"corpusforge-kernels-{digest}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


def _numba_type(hint: Any) -> object:
    """The numba type for an annotation."""
    import numba
    from numba import types

    if hint in _SCALARS:
        return getattr(types, _SCALARS[hint])
    if get_origin(hint) in (np.ndarray, NDArray):  # NDArray is an alias of its own since numpy 2.5
        (scalar,) = get_args(get_args(hint)[1]) if get_origin(hint) is np.ndarray else get_args(hint)
        return types.Array(numba.from_dtype(np.dtype(scalar)), 1, "C", readonly=True)
    if get_origin(hint) is abc.Callable:
        return types.FunctionType(_foreign_signature(hint))
    if hasattr(hint, "_fields"):
        as_tuple: Callable[..., object] = types.BaseTuple.from_types
        return as_tuple([_numba_type(field) for field in get_type_hints(hint).values()], hint)
    return numba.from_dtype(np.dtype(hint))
