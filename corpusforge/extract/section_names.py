"""Names of the sections that papers have without printing them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SectionNames:
    """The names in one language."""

    abstract: str
    acknowledgments: str
    references: str


_ENGLISH = SectionNames("Abstract", "Acknowledgments", "References")
_CHINESE = SectionNames("摘要", "致谢", "参考文献")


def section_names(language: str) -> SectionNames:
    """The names in a language ("zh-CN"); English where we know no others."""
    return _CHINESE if language.lower().startswith("zh") else _ENGLISH
