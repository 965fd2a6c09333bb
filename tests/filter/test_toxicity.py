import pickle
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from strategies import batches

from corpusforge.core import EDITS_FIELD
from corpusforge.engine.decide import decide
from corpusforge.errors import InputError
from corpusforge.filter.toxicity import Toxicity
from corpusforge.recipe.contracts import resources
from corpusforge.text.cut import cut_spans
from corpusforge.text.view import TextView

LEXICON = """
[strong]
dolt, -s
傻瓜
[contextual]
cad, rogue
恶心
[target]
you, these people
这种人
[allow]
cad software, dolt river
[words]
傻瓜相机
"""

ROCK = "The basin subsided slowly. "

# Science and everyday language that word lists trip over, none of it an insult.
INNOCENT = [
    "Sexual dimorphism is known in ammonites, and horny corals grow on black smokers.",
    "The bastard tuff was quarried beside the alkali basalt; sex ratios and fecal coliforms were measured.",
    "A cockpit karst, cocktails of cocks and hens, blue tits, great tits and blue-footed boobies.",
    "She graduated summa cum laude. Pussy willow and rape seed grow beside the penis worm and the sperm whale.",
    "Mafic dykes cut the sills; your dyke is younger, they are ring dykes. Cleavage and strip mines, crude oil.",
    "Homo sapiens, Homo erectus and you: what a retarded potential retards the growth of crystals.",
    "Joseph Hooker collected here; Moby Dick, Dick Cheney and Philip K. Dick did not. The chink in the armour.",
    "Scunthorpe, Penistone, Essex, Cockburn, Dickinson and Hancock; assess, assays, class, bass, mass.",
    "You can hang the sample, kill the process and execute it; she is a killer whale, they are snakes and apes.",
    "Women, Muslims, Jews, black people and gays live there, and immigrants settled in the valley.",
    "Her disease was lung cancer. He died. They are poor, sick and fat, and hate rain.",
    "河口交汇处的恐龙卵化石与钟乳石性质不同，处女地上的港口交通方便。",
    "逼近断层，操作仪器，体操运动员情操高尚，曹操南下。他妈妈和吉他手都来了。",
    "男女性别比例、妇女权益、女性患者恶心呕吐，变态反应与完全变态昆虫，杂种优势。",
    "生活垃圾填埋场和垃圾分类，农村生活污水和垃圾治理，小儿麻痹，阿尼玛卿山，印度支那半岛。",
    "失败类型分析；清除腐败；激活该环境；中华人民共和国固体废物污染环境防治法。",
    "河南人、黑人、日本人、穆斯林和少数民族都住在这里，女人和男人一样多。",
    "无脑儿、无耻骨发育、无赖氨酸的蛋白；黑猪肉价格，母狗鱼，白痴症患者。",
    "兼性厌氧菌讨论；这群岛屿，一群岩墙，你这里的矿区。",
]

INSULTS = [
    "You are such an asshole.",
    "What a bunch of morons these people are!",
    "Shut up, b*tch. You m0ron, go to hell.",
    "Your stupid face, you dumb@ss",
    "ｆｕｃｋ you",
    "You're a piece\nof shit.",
    "你这种人真恶心，傻逼。",
    "这帮黑鬼滚回非洲去",
    "河南人都是骗子，素质低。",
    "你个ｓｂ，nmsl",
    "女人就是垃圾",
]


def view_of(*texts: str) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


@pytest.fixture
def own(tmp_path: Path) -> Toxicity:
    (tmp_path / "own.txt").write_text(LEXICON, encoding="utf-8")
    return Toxicity(lexicon=tmp_path / "own.txt")


def verdicts(stage: Toxicity, *texts: str) -> list[str]:
    return list(decide(stage.rules(), stage.annotate(view_of(*texts)), len(texts))["drop"].to_pylist())


def signals(stage: Toxicity, *texts: str) -> list[tuple[float, ...]]:
    """Strong terms, contextual ones that count, hits per 1,000 words, toxic sentences, share of each text."""
    columns = stage.annotate(view_of(*texts))
    return [tuple(round(column[i].as_py(), 3) for column in columns.values()) for i in range(len(texts))]


def after_cuts(stage: Toxicity, *texts: str) -> list[str]:
    edits = stage.edits(view_of(*texts)).to_pylist()
    return [
        cut_spans(text, [(each["begin"], each["end"]) for each in spans])[0] for text, spans in zip(texts, edits, strict=True)
    ]


@pytest.mark.parametrize("text", INNOCENT)
def test_words_that_are_terms_elsewhere_are_left_alone(text: str) -> None:
    assert verdicts(Toxicity(), text) == [""]
    assert after_cuts(Toxicity(), text) == [text]


@pytest.mark.parametrize("text", INSULTS)
def test_a_text_that_is_an_insult_is_rejected(text: str) -> None:
    assert verdicts(Toxicity(), text) in (["toxic_density"], ["toxic_share"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 0, 0, 0, 0)),
        ("You dolts!", (1, 0, 500, 1, 1)),
        ("A rogue rock fell here.", (0, 0, 100, 0, 0)),
        ("A rogue rogue rock.", (0, 0, 250, 0, 0)),
        ("Cad, you rogue!", (0, 2, 333.333, 1, 1)),
        ("A rogue. You rock.", (0, 0, 125, 0, 0)),
        ("You are the people of Dolt River, with CAD software.", (0, 0, 0, 0, 0)),
        ("这种人恶心。", (0, 1, 100, 1, 1)),
        ("傻瓜相机", (0, 0, 0, 0, 0)),
        ("傻瓜。岩石。", (1, 0, 250, 1, 0.5)),
    ],
)
def test_signals_can_be_counted_by_hand(own: Toxicity, text: str, expected: tuple[float, ...]) -> None:
    assert signals(own, text) == [expected]


def test_a_contextual_term_counts_only_near_another(own: Toxicity) -> None:
    near, far = "You, " + "x" * 74 + " rogue", "You, " + "x" * 79 + " rogue"
    assert [row[1] for row in signals(own, near, far)] == [1, 0]


def test_a_long_document_loses_the_sentence_and_not_itself(own: Toxicity) -> None:
    text = ROCK * 9 + "You dolt! " + ROCK
    assert verdicts(own, text) == [""]
    assert after_cuts(own, text) == [ROCK * 10]


def test_a_document_that_is_toxic_as_a_whole_is_rejected_by_share_or_density(own: Toxicity) -> None:
    by_share = ROCK + "You always told them that, dolt. " + ROCK + ROCK
    by_density = ROCK * 9 + "Dolt dolt dolt dolt dolt dolt dolt."
    assert verdicts(own, by_share, by_density) == ["toxic_share", "toxic_density"]


def test_thresholds_decide_and_do_not_measure(own: Toxicity) -> None:
    text = ROCK + "You dolt!"
    lenient = own.model_copy(update={"max_share": 1.0, "max_density": 1000.0})
    assert [verdicts(own, text), verdicts(lenient, text)] == [["toxic_density"], [""]]
    assert signals(own, text) == signals(lenient, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Basalt.\n\nDolt!\n\nTuff.", "Basalt.\n\nTuff."),
        ("Basalt. Dolt!\n\nTuff.", "Basalt. \n\nTuff."),
        ("Dolt! Basalt.", "Basalt."),
        ("岩石。傻瓜！泥岩。", "岩石。泥岩。"),
        ("傻瓜！\n岩石。", "岩石。"),
        ("Dolt", ""),
    ],
)
def test_a_cut_leaves_the_paragraphs_around_it_apart(own: Toxicity, text: str, expected: str) -> None:
    assert after_cuts(own, text) == [expected]


def test_cutting_can_be_switched_off(own: Toxicity) -> None:
    kept = own.model_copy(update={"cut_sentences": False})
    assert kept.edits(view_of("Dolt.", "")).to_pylist() == [[], []]


def test_edits_say_why(own: Toxicity) -> None:
    edits = own.edits(view_of("Tuff.", "Tuff. Dolt!"))
    assert edits.type == EDITS_FIELD.type
    assert edits.to_pylist() == [[], [{"begin": 6, "end": 11, "reason": "toxic_sentence"}]]


def test_an_extra_lexicon_takes_terms_back_and_adds_others(own: Toxicity, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("[allow]\ndolt\n[strong]\nnincompoop\n", encoding="utf-8")
    stage = own.model_copy(update={"extra_lexicon": tmp_path / "more.txt"})
    assert [row[0] for row in signals(stage, "dolt", "nincompoop", "dolts")] == [0, 1, 1]


def test_a_dictionary_keeps_terms_from_lying_across_words(own: Toxicity, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("大傻 5 n\n傻瓜 7 n\n", encoding="utf-8")
    stage = own.model_copy(update={"dictionary": tmp_path / "words.txt"})
    assert [row[0] for row in signals(stage, "大傻瓜藤", "傻瓜")] == [0, 1]


def test_a_lexicon_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("[strong]\ndolt\n", encoding="utf-8")
    stage = Toxicity(lexicon=path)
    before = signals(stage, "dolt oaf")[0][0]
    path.write_text("[strong]\ndolt, oaf\n", encoding="utf-8")
    assert [before, signals(stage, "dolt oaf")[0][0]] == [1, 2]


def test_a_damaged_lexicon_is_refused_before_the_build(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("dolt\n", encoding="utf-8")
    with pytest.raises(InputError, match="stands before any section"):
        Toxicity(lexicon=tmp_path / "own.txt").prepare({}, tmp_path)


def test_shipped_lexicons_are_a_resource_so_that_their_digest_is_in_the_fingerprint() -> None:
    assert sorted(path.name for path in resources(Toxicity())["lexicon"].iterdir()) == ["en.txt", "zh.txt"]


def test_a_view_is_read_once_for_signals_and_cuts(own: Toxicity) -> None:
    view = view_of("Dolt.")
    reading = own._reading()
    assert view.once(reading) is view.once(pickle.loads(pickle.dumps(own))._reading())


@settings(deadline=None, max_examples=50)
@given(batches)
def test_each_document_is_judged_by_itself_and_cuts_fit_any_text(texts: Sequence[str]) -> None:
    planted = [text + part for text in texts for part in ("", " You stupid dolt! ", "你这傻逼。")]
    stage = Toxicity()
    assert signals(stage, *planted) == [row for text in planted for row in signals(stage, text)]
    assert after_cuts(stage, *planted) == [left for text in planted for left in after_cuts(stage, text)]
