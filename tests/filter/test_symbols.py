import random

import pyarrow as pa
import pytest

from corpusforge.engine.decide import decide
from corpusforge.filter.symbols import Symbols
from corpusforge.text.view import TextView

PROSE = "The Morrison Formation crops out in Utah, and it holds the bones of large animals. "
ZH = "花岗岩是一种岩浆岩，由石英、长石和云母组成，它在地下深处缓慢冷却。"
REFERENCE = "[1] Smith, J., Li, W. (2010). Deep crust. Nature, 464(7286), 59-65.\n"


def verdict(text: str, **settings: float) -> str:
    stage = Symbols(**settings)  # type: ignore[arg-type]
    view = TextView(pa.array([text], pa.large_string()))
    return str(decide(stage.rules(), stage.annotate(view), 1)["drop"][0].as_py())


def mash(seed: int) -> str:
    chosen = random.Random(seed)
    return " ".join("".join(chosen.choices("asdfghjklqwezxcvb", k=chosen.randint(2, 9))) for _ in range(200))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("x", "single_letters"),
        (PROSE * 5, ""),
        (ZH * 5, ""),
        (PROSE + "x = (a + b)^2 / c, where a is the depth, b the slope and c = 3.5e-4 m.\n" * 2, ""),
        ("SiO2 Al2O3 CaCO3 MgSiO3 in wt.% of U-235, cf. Fig. 3a and Eq. 2b.\n" * 3, ""),
        (PROSE * 9 + REFERENCE * 12, ""),
        (PROSE * 3 + "Quartz 12.1 13.4 15.0\n" * 12, ""),
        ("\ufffd\ufffd Caf\ufffd " * 20 + PROSE, "damaged"),
        ("Ã©tÃ© Ã\xa0 la cÃ´te " * 20, "damaged"),
        ("锟斤拷锟斤拷的报告锟斤拷" * 20, "damaged"),
        ("~^| *§¢ ,;: '` _ ||| ~~ ab " * 20, "symbols"),
        ("10.5 11.2 12 77 81.25 9\n" * 20, "digits"),
        ("t h i s i s a s c a n n e d p a g e " * 10, "single_letters"),
        ("Th|s pa~e w0rd~ b|d sc4n wh1ch n0b<dy re4ds " * 10, "mixed_words"),
        ("Quartz and feldspar 12 13 15\n" * 20, "number_lines"),
        (REFERENCE * 20, "reference_lines"),
        ("[1] 张三, 李四. 华北克拉通的演化[J]. 地质学报, 2010, 84(3): 345-360.\n" * 20, "reference_lines"),
        ("😀👨‍👩‍👧😀", "symbols"),
        ("שלום עולם זה טקסט רגיל", ""),
        ("هذا نص عادي عن الصخور", ""),
    ],
)
def test_documents_are_rejected_when_all_of_them_is_junk(text: str, reason: str) -> None:
    assert verdict(text) == reason


def test_keyboard_noise_is_rejected() -> None:
    assert [verdict(mash(seed)) for seed in range(20)] == ["strange_words"] * 20


def test_a_threshold_of_one_switches_a_rule_off() -> None:
    names = [name for name in Symbols.model_fields if name.startswith("max_")]
    text = "~ \ufffd 1 x " * 20
    assert verdict(text) != ""
    assert verdict(text, **dict.fromkeys(names, 1.0)) == ""


def test_shares_are_of_characters_words_and_bytes() -> None:
    view = TextView(pa.array(["ab 1 , x\n", "7 8\nGranite rock\n"], pa.large_string()))
    signals = {name: column.to_pylist() for name, column in Symbols().annotate(view).items()}
    assert signals["symbol_share"] == [0.2, 0.0]
    assert signals["digit_share"] == [0.2, 2 / 13]
    assert signals["single_letter_share"] == [1 / 3, 0.0]
    assert signals["number_line_share"] == [0.0, 4 / 17]
