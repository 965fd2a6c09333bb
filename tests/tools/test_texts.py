import json
from pathlib import Path

from measure.texts import all_documents, article_text, item_documents, markup_documents

ARTICLE = """<?xml version="1.0"?>
<article><front><article-title>Not this</article-title></front>
<body><sec><title>Results</title><p>Quartz <italic>grows</italic>
 slowly.</p><table><tr><td>Age</td><td>12</td></tr></table></sec></body>
<back><ref-list><title>Nor this</title></ref-list></back></article>"""


def test_an_article_is_the_lines_of_its_body() -> None:
    assert article_text(ARTICLE.encode()) == "Results\nQuartz grows slowly.\nAge | 12"


def test_an_article_without_a_body_has_no_text() -> None:
    assert article_text(b"<article><front/></article>") == ""


def test_items_are_questions_with_their_choices_and_short_ones_are_left_out(tmp_path: Path) -> None:
    def item(name: str, stem: str) -> dict[str, object]:
        return {
            "id": name,
            "question": {"stem": stem, "choices": [{"label": "A", "text": "ice"}, {"label": "B", "text": "rock"}]},
        }

    path = tmp_path / "items.json"
    path.write_text(json.dumps([item("a", "What do glaciers carry down a valley?"), item("b", "What?")]))
    [document] = item_documents("items", path, min_words=8)
    assert (document.name, document.text) == ("a", "What do glaciers carry down a valley?\nA. ice\nB. rock")


def test_markup_is_extracted_and_notes_about_a_collection_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("About this collection.")
    (tmp_path / "page.md").write_text("# Clay\n\nClay *swells*.")
    [document] = markup_documents("pages", tmp_path, "en")
    assert (document.name, document.text) == ("page.md", "Clay\n\nClay swells.")


def test_all_documents_know_their_language(tmp_path: Path) -> None:
    (tmp_path / "en.md").write_text("Clay swells.")
    (tmp_path / "zh.md").write_text("黏土遇水膨胀。")
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles/one.xml").write_text(ARTICLE)
    assert [(document.name, document.lang) for document in all_documents(tmp_path)] == [
        ("en.md", "en"),
        ("zh.md", "zh"),
        ("one.xml", "en"),
    ]


def test_xml_that_is_no_article_is_left_out_of_all_documents(tmp_path: Path) -> None:
    for name, content in (
        ("a.xml", "<article><body><p>Rock.</p></body></article>"),
        ("b.xml", "<list/>"),
        ("c.xml", "<article>"),
    ):
        (tmp_path / name).write_text(content)
    (tmp_path / "d.md").write_text("Ice.")
    assert [document.name for document in all_documents(tmp_path)] == ["d.md", "a.xml"]
