import pyarrow as pa
import pytest

from corpusforge.engine.decide import decide
from corpusforge.filter.chinese import Chinese
from corpusforge.text.view import TextView

GOOD = "花岗岩是一种岩浆岩，由石英、长石和云母组成。\n它在地下深处缓慢冷却，所以晶体粗大。\n"


def verdict(text: str, **settings: float) -> str:
    stage = Chinese(**settings)  # type: ignore[arg-type]
    view = TextView(pa.array([text], pa.large_string()))
    return str(decide(stage.rules(), stage.annotate(view), 1)["drop"][0].as_py())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD, ""),
        (GOOD + "GMT 6.4.0 can be used for maps, see https://example.org/gmt.\n", ""),
        ("Granite is made of quartz and feldspar.\n", "not_han"),
        ("", "not_han"),
        ("首页 新闻中心 产品展示 联系我们\n" * 12, "line_ends"),
        ("好的。\n是吗？\n" * 10, "short_lines"),
        ("花\n岗\n岩\n。\n" + GOOD * 4, "single_char_lines"),
        ("编号20103847561029花岗岩二十个石英。\n", "chinese_digits"),
        ("哈哈哈哈哈哈真好笑，这是一个很长的句子。\n", "repeated_chars"),
        (GOOD.replace("云母", "雲母"), ""),
    ],
)
def test_documents_are_rejected_for_what_they_are_made_of(text: str, reason: str) -> None:
    assert verdict(text) == reason


@pytest.mark.parametrize(
    ("text", "share"),
    [("国说书", 0.0), ("國說書", 1.0), ("国说书門", 0.25), ("人山石", None), ("他说『花岗岩』乾著份", 0.0)],
)
def test_traditional_share_is_of_the_characters_that_tell(text: str, share: float | None) -> None:
    assert Chinese().annotate(TextView(pa.array([text])))["traditional_share"].to_pylist() == [share]


def test_traditional_text_is_rejected_where_asked_and_quotations_are_not() -> None:
    traditional = "花崗岩是一種岩漿岩，由石英、長石和雲母組成。\n"
    assert verdict(traditional) == ""
    assert verdict(traditional, max_traditional_share=0.5) == "traditional"
    assert verdict(GOOD + "他引用『雲母』。\n", max_traditional_share=0.5) == ""


@pytest.mark.parametrize(
    ("setting", "reason"), [("min_wide_punctuation_share", "no_chinese_punctuation"), ("max_latin_share", "latin")]
)
def test_rules_that_are_off_can_be_asked(setting: str, reason: str) -> None:
    assert verdict("花岗岩石英长石云母 granite quartz.\n") == ""
    assert verdict("花岗岩石英长石云母 granite quartz.\n", **{setting: 0.1}) == reason
