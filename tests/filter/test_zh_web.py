"""The shipped pipeline for Chinese web pages, as a recipe loads it."""

from pathlib import Path

import pyarrow as pa
import pytest

from corpusforge.core import Filter
from corpusforge.engine.decide import decide
from corpusforge.recipe.load import load_recipe
from corpusforge.text.view import TextView

ROOT = Path(__file__).parents[2]
RECIPE = f"""
version: 1
name: zh
sources:
  - {{name: web, use: source.jsonl, path: {ROOT / "recipes/samples/tiny"}, license: cc0-1.0, pipeline: zh-web, group: web}}
stages:
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
sink: {{use: index.megatron, layout: documents}}
"""
PAGE = (
    "花岗岩是一种常见的岩浆岩，主要由石英、长石和云母组成，颜色从浅灰到肉红都有。\n"
    "它在地下几公里的深处缓慢冷却，矿物有足够的时间结晶，因此颗粒粗大，肉眼就能分辨。\n"
    "后来地壳抬升，上面的岩层被河流和风一点点剥蚀，花岗岩才露出地面，形成陡峭的山峰。\n"
    "在潮湿的气候里，长石容易变成黏土，岩体沿着裂隙崩解，留下浑圆的石蛋。\n"
    "人们很早就用它铺路、盖房和刻碑；今天，研究者通过其中的锆石测定年龄，了解大陆是怎样生长的。\n"
)


@pytest.fixture(scope="module")
def filters(tmp_path_factory: pytest.TempPathFactory) -> list[Filter]:
    path = tmp_path_factory.mktemp("recipe") / "zh.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return [named.stage for named in load_recipe(path).sources[0].stages if isinstance(named.stage, Filter)]


def verdict(filters: list[Filter], text: str) -> str:
    view = TextView(pa.array([text], pa.large_string()))
    drops = [decide(stage.rules(), stage.annotate(view), 1)["drop"][0].as_py() for stage in filters]
    return next(filter(None, drops), "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PAGE, ""),
        (PAGE[:80], "too_few_chars"),
        (PAGE.replace("，", "\ufffd"), "damaged"),
        ("首页 | 新闻中心 | 产品展示 | 联系我们 | 加入收藏 | 网站地图\n" * 20, "line_ends"),
        ("This page is not in Chinese, but it is long enough to be judged. " * 8, "not_han"),
        (PAGE[:42] * 30, "dup_line_frac"),
        ("买手机就来手机城手机便宜，" * 40 + "。", "top_3_gram"),
        (PAGE + PAGE.replace("\n", ""), "duplicated_8_n_grams"),
        (
            "，".join("".join(map(chr, range(first, first + 9))) for first in range(0x5200, 0x5400, 10)) + "。",
            "gopher_enough_stop_words",
        ),
    ],
)
def test_running_chinese_text_is_kept_and_other_pages_are_rejected(filters: list[Filter], text: str, reason: str) -> None:
    assert verdict(filters, text) == reason
