import pytest

from corpusforge.extract.fragment import fragment_text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Clay &amp; silt<br>and sand</p><p>End</p>", "Clay & silt\nand sand\n\nEnd"),
        ("<div class='box'>", ""),
        ("<!-- hidden --><b>seen</b>", "seen"),
        ("<script>x < 1</script><style>p {}</style>text", "text"),
        ("H<sub>2</sub>O and m<sup>3</sup>", "H₂O and m³"),
        ("<ruby>内核<rp>(</rp><rt>kernel</rt><rp>)</rp></ruby>", "内核（kernel）"),
        ("<table><tr><th>Rock<th>Age</tr><tr><td>Gneiss<td>4 Ga</tr></table>", "Rock | Age\nGneiss | 4 Ga"),
        ("<ul><li>a<ul><li>b</ul></ul>", "- a\n\n  - b"),
        ("<pre>if x:\n    y</pre>", "if x:\n    y"),
        (
            '<figure><img src="a.png" alt="Cross section"><figcaption>The Alps</figcaption></figure>',
            "Cross section\n\nThe Alps",
        ),
        ('<img src="a.png" alt="a.png">', ""),
        ("--name <username>", "--name <username>"),
        ('<div class="box>', ""),
        ("<td>half a cell", "half a cell"),
    ],
)
def test_a_fragment_leaves_its_text(html: str, expected: str) -> None:
    assert fragment_text(html) == expected
