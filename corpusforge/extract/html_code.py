"""Code of a page: the text of a <pre> with its lines as they are, without line numbers, and the language if it is named."""

import re

from lxml import etree

from corpusforge.extract.plain import RESERVED, names

_LANGUAGE = re.compile(
    r"(?:^|\s)(?:lang(?:uage)?|highlight-source|highlight|brush|sourceCode|src)[-:\s]\s*([A-Za-z][\w+#.-]{0,20})"
)
_NOT_LANGUAGES = names("default none text plain plaintext nohighlight source notranslate")
_NUMBERS = names(
    "lineno linenos linenodiv gutter line-numbers-rows hljs-ln-numbers rouge-gutter blob-num crayon-nums toolbar copy"
)
_SKIPPED = names("script style button textarea")


def code_text(pre: etree._Element) -> str:
    """Text of a <pre>: its lines, with the white space at their beginnings."""
    parts: list[str] = []
    walker = etree.iterwalk(pre, events=("start", "end"))
    skipped = None
    for event, element in walker:
        if event == "end":
            if element is skipped:
                skipped = None
            if element is not pre:
                parts.append(element.tail or "")
        elif element.tag in _SKIPPED or _NUMBERS.intersection((element.get("class") or "").split()):
            skipped = element
            walker.skip_subtree()
        else:
            parts.append("\n" if element.tag == "br" else element.text or "")
    lines = "".join(parts).replace("\r\n", "\n").replace("\xa0", " ").translate(RESERVED).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def language_of(pre: etree._Element) -> str:
    """The language that the classes of a <pre>, its <code> or what is around name, in lower case; "" where none is."""
    around = pre.getparent()
    code = pre.find("code")
    for element in (code, pre, around, None if around is None else around.getparent()):
        match = None if element is None else _LANGUAGE.search(element.get("class") or "")
        if match and match[1].lower() not in _NOT_LANGUAGES:
            return match[1].lower()
    return ""


def fenced(code: str, language: str) -> str:
    """Code between fences that are longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall("`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def in_backticks(text: str) -> str:
    """A piece of code inside a sentence."""
    text = " ".join(text.split())
    if not text:
        return ""
    return f"`` {text} ``" if "`" in text else f"`{text}`"
