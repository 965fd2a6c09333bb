"""Junk of the kinds that crawls bring in, made by a seeded generator: what a preset of filters has to reject.

Every kind exists in English and in Chinese. Kinds that damage good text (mojibake, scans, traps) take it from the shipped
textbooks, so the generator needs nothing from outside. Nothing here looks at a filter: the kinds are what web corpora name as
junk (spam, search-engine doorways, keyboard noise, boilerplate, dumps of numbers, machine output, lists of links, crawler
traps).
"""

import base64
import random
import string
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure.texts import Document, all_documents

_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "asdf jkl", "qazwsxedc", "1234567890", string.ascii_lowercase)
_SCAN_NOISE = "|!;:~^*'`.,-_=<>\\/{}[]$%&#0135689"
_LOREM = (
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua "
    "ut enim ad minim veniam quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat"
)
_LOREM_ZH = (
    "这里是占位文字", "请在此处输入您的内容", "请输入标题", "此处添加文字说明", "示例文本", "单击此处添加段落",
    "文字内容文字内容文字内容", "仅供排版测试", "点击编辑标题", "替换成您的文字", "副标题副标题", "请在这里添加详细说明",
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """One language of junk_words.toml."""

    lang: str
    between: str
    lists: Mapping[str, list[str]]

    def filled(self, template: str, rng: random.Random, thing: str | None = None) -> str:
        """A template with every slot filled anew, but for the one `thing` where it is given."""
        things = [thing] if thing else self.lists["things"]
        choices = {"thing": things, **{slot: self.lists[f"{slot}s"] for slot in ("place", "praise", "call")}}
        for slot, values in choices.items():
            while f"{{{slot}}}" in template:
                template = template.replace(f"{{{slot}}}", rng.choice(values), 1)
        while "{number}" in template:
            template = template.replace("{number}", str(rng.randint(3, 9999)), 1)
        return template


@dataclass(frozen=True)
class Materials:
    """What a document of junk is made from: a source of chance, words of its language, and good texts to spoil."""

    rng: random.Random
    words: Words
    good: Sequence[str]


def junk_documents(books: Sequence[Path], per_kind: int, seed: int) -> list[Document]:
    """`per_kind` documents of each kind in each language; `books` are folders with good text of both."""
    good = [document for folder in books for document in all_documents(folder)]
    made = []
    for words in all_words():
        texts = [document.text for document in good if document.lang == words.lang]
        for kind, make in KINDS.items():
            for index in range(per_kind):
                name = f"{kind}-{words.lang}-{index:03d}"
                text = make(Materials(random.Random(f"{seed}-{name}"), words, texts))
                made.append(Document(kind, name, words.lang, text))
    return made


def all_words() -> list[Words]:
    """The vocabularies, English first."""
    tables = tomllib.loads(Path(__file__).with_name("junk_words.toml").read_text(encoding="utf-8"))
    return [
        Words(lang, table["between"], {name: values for name, values in table.items() if name != "between"})
        for lang, table in tables.items()
    ]


def _spam(use: Materials) -> str:
    rng, words = use.rng, use.words
    lines = [words.filled(rng.choice(words.lists["pitches"]), rng) for _ in range(rng.randint(12, 60))]
    return "\n".join(line.upper() if rng.random() < 0.3 else line for line in lines)


def _doorway(use: Materials) -> str:
    rng, words = use.rng, use.words
    thing = rng.choice(words.lists["things"])
    sentences = [words.filled(rng.choice(words.lists["doorways"]), rng, thing) for _ in range(rng.randint(15, 60))]
    size = rng.randint(3, 8)
    paragraphs = [sentences[begin : begin + size] for begin in range(0, len(sentences), size)]
    return "\n".join(words.between.join(paragraph) for paragraph in paragraphs)


def _keywords(use: Materials) -> str:
    rng, words = use.rng, use.words
    parts = ["{praise}", "{thing}", "{place}"]
    tags = [words.filled(words.between.join(rng.sample(parts, 3)), rng) for _ in range(rng.randint(40, 150))]
    return rng.choice((", ", " | ", "\n", " / ")).join(tags)


def _keyboard(use: Materials) -> str:
    rng = use.rng

    def mashed() -> str:
        row = rng.choice(_KEYBOARD)
        return "".join(rng.choice(row) for _ in range(rng.randint(2, 11)))

    def rare() -> str:
        return "".join(chr(rng.randrange(0x4E00, 0x9FA0)) for _ in range(rng.randint(2, 9)))

    make = rare if use.words.lang == "zh" else mashed
    lines = [" ".join(make() for _ in range(rng.randint(4, 20))) for _ in range(rng.randint(6, 30))]
    return rng.choice((" ", "\n")).join(lines)


def _mojibake(use: Materials) -> str:
    text = use.rng.choice(use.good)
    if use.words.lang == "zh":
        written, read = use.rng.choice((("utf-8", "latin-1"), ("utf-8", "gbk"), ("gbk", "utf-8"), ("gbk", "latin-1")))
        return text.encode(written, "replace").decode(read, "replace")
    text = " ".join(f"“{word}”" if use.rng.random() < 0.1 else word.replace("'", "’") for word in text.split(" "))
    for _ in range(use.rng.randint(1, 2)):
        text = text.encode().decode("cp1252", "replace")
    return text


def _boilerplate(use: Materials) -> str:
    rng, words = use.rng, use.words
    lines = [rng.choice(words.lists["menu"]) for _ in range(rng.randint(25, 80))]
    for _ in range(rng.randint(4, 14)):
        lines.insert(rng.randrange(len(lines)), words.filled(rng.choice(words.lists["notices"]), rng))
    return rng.choice(("\n", "\n", " | ")).join(lines)


def _numbers(use: Materials) -> str:
    rng, lists = use.rng, use.words.lists
    columns, separator = rng.randint(3, 9), rng.choice((",", "\t", " ", " | "))
    kinds = [rng.choice(("{:.3f}", "{:.0f}", "{:.1e}", "2019-11-{:.0f}")) for _ in range(columns)]
    head = separator.join(rng.sample([*lists["places"], *lists["things"]], columns))
    rows = [separator.join(kind.format(rng.uniform(1, 28)) for kind in kinds) for _ in range(rng.randint(20, 120))]
    return "\n".join([head, *rows])


def _scan(use: Materials) -> str:
    rate = use.rng.uniform(0.15, 0.3)
    rare = "".join(chr(use.rng.randrange(0x4E00, 0x9FA0)) for _ in range(20))
    noise = _SCAN_NOISE + rare if use.words.lang == "zh" else _SCAN_NOISE
    return "".join(_scanned(character, rate, noise, use.rng) for character in use.rng.choice(use.good))


def _scanned(character: str, rate: float, noise: str, rng: random.Random) -> str:
    if character == "\n" or rng.random() > rate:
        return character
    wrong = rng.choice(noise)
    return rng.choice(("", wrong, wrong * 2, f"{character} ", f"{character}{wrong} "))


def _machine(use: Materials) -> str:
    rng = use.rng
    size = rng.randint(20, 100)
    if rng.random() < 0.3:
        return base64.encodebytes(rng.randbytes(size * 40)).decode()
    if rng.random() < 0.4:
        return "\n".join(f"{line * 16:08x}  {rng.randbytes(16).hex(' ')}" for line in range(size))
    return "\n".join(_log_line(rng, use.words) for _ in range(size))


def _log_line(rng: random.Random, words: Words) -> str:
    clock = f"2021-03-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:07.{rng.randint(0, 999):03d}Z"
    job = f"{rng.choice(words.lists['places'])} job_{rng.randint(1000, 9999)} id={rng.randbytes(6).hex()}"
    return f"{clock} [{rng.choice(('INFO', 'WARN', 'DEBUG'))}] {job} t={rng.random():.4f}ms rc={rng.randint(0, 255)}"


def _links(use: Materials) -> str:
    return "\n".join(_link(use.rng, use.words) for _ in range(use.rng.randint(25, 100)))


def _link(rng: random.Random, words: Words) -> str:
    title = words.filled(rng.choice(words.lists["headlines"]), rng)
    address = f"https://www.site{rng.randint(1, 99)}.example/{rng.randbytes(4).hex()}/{rng.randint(1, 9999)}.html"
    dated = f"{title} ({rng.randint(1, 12)}/{rng.randint(1, 28)})"
    return rng.choice((address, f"{title} {address}", dated, f"[{rng.randint(1, 99)}] {title}"))


def _trap(use: Materials) -> str:
    text = use.rng.choice(use.good)
    begin = use.rng.randrange(len(text) // 2)
    piece = text[begin : begin + use.rng.randint(80, 600)].strip()
    return use.rng.choice(("\n", "\n\n", " ")).join([piece] * use.rng.randint(5, 40))


def _filler(use: Materials) -> str:
    rng = use.rng

    def sentence() -> str:
        if use.words.lang == "zh":
            return "，".join(rng.choice(_LOREM_ZH) for _ in range(rng.randint(1, 4))) + "。"
        return " ".join(rng.choice(_LOREM.split()) for _ in range(rng.randint(6, 18))).capitalize() + "."

    paragraphs = [[sentence() for _ in range(rng.randint(3, 6))] for _ in range(rng.randint(4, 12))]
    return "\n".join(use.words.between.join(paragraph) for paragraph in paragraphs)


KINDS: Mapping[str, Callable[[Materials], str]] = {
    "spam": _spam,
    "doorway": _doorway,
    "keywords": _keywords,
    "keyboard": _keyboard,
    "mojibake": _mojibake,
    "boilerplate": _boilerplate,
    "numbers": _numbers,
    "scan": _scan,
    "machine": _machine,
    "links": _links,
    "trap": _trap,
    "filler": _filler,
}
