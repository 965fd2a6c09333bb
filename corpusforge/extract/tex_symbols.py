"""Characters of formulas in TeX: Greek, operators, arrows, brackets, accents and the lettered alphabets of Unicode.

What has no command here stays as it is: a reader, and a tokenizer, know the character better than a made-up name.
"""

import re
import unicodedata

_SYMBOLS = r"""
α \alpha β \beta γ \gamma δ \delta ε \varepsilon ϵ \epsilon ζ \zeta η \eta θ \theta ϑ \vartheta ι \iota κ \kappa ϰ \varkappa
λ \lambda μ \mu µ \mu ν \nu ξ \xi ο o π \pi ϖ \varpi ρ \rho ϱ \varrho σ \sigma ς \varsigma τ \tau υ \upsilon φ \varphi ϕ \phi
χ \chi ψ \psi ω \omega Γ \Gamma Δ \Delta ∆ \Delta Θ \Theta Λ \Lambda Ξ \Xi Π \Pi Σ \Sigma Υ \Upsilon ϒ \Upsilon Φ \Phi Ψ \Psi
Ω \Omega Ω \Omega Α A Β B Ε E Ζ Z Η H Ι I Κ K Μ M Ν N Ο O Ρ P Τ T Χ X
ℏ \hbar ℎ h ℓ \ell ℘ \wp ℜ \Re ℑ \Im ℵ \aleph ℶ \beth ı \imath ȷ \jmath ∂ \partial ∇ \nabla ∞ \infty ∅ \emptyset ⌀ \varnothing
ⅆ d ⅇ e ⅈ i ⅉ j ℧ \mho Å \mathrm{Å} ð \eth
− - – - ‐ - ‑ - — - ± \pm ∓ \mp × \times ÷ \div ∗ * ⁎ * ⋆ \star ∘ \circ • \bullet ∙ \cdot · \cdot ⋅ \cdot ⊕ \oplus ⊖ \ominus
⊗ \otimes ⊘ \oslash ⊙ \odot † \dagger ‡ \ddagger ∧ \wedge ∨ \vee ⋀ \bigwedge ⋁ \bigvee ∩ \cap ∪ \cup ⋂ \bigcap ⋃ \bigcup
⊎ \uplus ⨁ \bigoplus ⨂ \bigotimes ⊓ \sqcap ⊔ \sqcup ∖ \setminus ⧵ \setminus ≀ \wr ∐ \coprod ∏ \prod ∑ \sum ∫ \int ∬ \iint
∭ \iiint ∮ \oint ∯ \oiint √ \surd ∕ / ⁄ / ⊲ \lhd ⊳ \rhd △ \triangle ▵ \triangle ∆ \Delta □ \square ◻ \square ■ \blacksquare
◊ \lozenge ⋄ \diamond ≤ \leq ⩽ \leqslant ≦ \leqq ≥ \geq ⩾ \geqslant ≧ \geqq ≪ \ll ≫ \gg ≠ \neq
≡ \equiv ≢ \not\equiv ≈ \approx ≉ \not\approx ≃ \simeq
≅ \cong ∼ \sim ≁ \nsim ≍ \asymp ≐ \doteq ≜ \triangleq ≔ := ∝ \propto ≺ \prec ≻ \succ ⪯ \preceq ⪰ \succeq ≲ \lesssim ≳ \gtrsim
∈ \in ∉ \notin ∋ \ni ⊂ \subset ⊃ \supset ⊆ \subseteq ⊇ \supseteq ⊄ \not\subset ⊈ \nsubseteq ⊏ \sqsubset ⊑ \sqsubseteq
⊢ \vdash ⊣ \dashv ⊤ \top ⊥ \perp ⊨ \models ∣ \mid ∤ \nmid ∥ \parallel ∦ \nparallel ‖ \Vert ⫫ \perp\!\!\!\perp ∠ \angle
∟ \llcorner ∀ \forall ∃ \exists ∄ \nexists ¬ \neg ∴ \therefore ∵ \because ∎ \blacksquare
← \leftarrow → \rightarrow ↔ \leftrightarrow ↑ \uparrow ↓ \downarrow ↕ \updownarrow ⇐ \Leftarrow ⇒ \Rightarrow ⇔ \Leftrightarrow
⇑ \Uparrow ⇓ \Downarrow ⟵ \longleftarrow ⟶ \longrightarrow ⟷ \longleftrightarrow ⟹ \Longrightarrow ⟸ \Longleftarrow
⟺ \Longleftrightarrow ↦ \mapsto ⟼ \longmapsto ↪ \hookrightarrow ↩ \hookleftarrow ⇌ \rightleftharpoons ⇋ \leftrightharpoons
⇀ \rightharpoonup ⇁ \rightharpoondown ↼ \leftharpoonup ↗ \nearrow ↘ \searrow ↙ \swarrow ↖ \nwarrow ⇄ \rightleftarrows
⇆ \leftrightarrows ⇝ \rightsquigarrow ↛ \nrightarrow
… \ldots ⋯ \cdots ⋮ \vdots ⋱ \ddots ′ ' ″ '' ‴ ''' ’ ' ° ^{\circ} ˚ ^{\circ} ‰ \text{‰}
⟨ \langle ⟩ \rangle 〈 \langle 〉 \rangle 〈 \langle 〉 \rangle ⌈ \lceil ⌉ \rceil ⌊ \lfloor ⌋ \rfloor ⟦ [\![ ⟧ ]\!]
{ \{ } \} % \% # \# $ \$ & \& _ \_ ~ \sim \ \backslash ^ \wedge
"""

# Invisible operators, joiners and spaces: MathML needs them, TeX does not.
_INVISIBLE = (
    "\u2061\u2062\u2063\u2064\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe00\u00a0\u2002\u2003\u2004\u2005\u2009\u200a\u202f\u205f"
)

_FONTS = {
    "BOLD ITALIC": r"\boldsymbol",
    "BOLD SCRIPT": r"\mathcal",
    "BOLD FRAKTUR": r"\mathfrak",
    "SANS-SERIF BOLD ITALIC": r"\boldsymbol",
    "SANS-SERIF BOLD": r"\mathbf",
    "SANS-SERIF ITALIC": r"\mathsf",
    "BOLD": r"\mathbf",
    "ITALIC": "",
    "SCRIPT": r"\mathcal",
    "FRAKTUR": r"\mathfrak",
    "BLACK-LETTER": r"\mathfrak",
    "DOUBLE-STRUCK": r"\mathbb",
    "SANS-SERIF": r"\mathsf",
    "MONOSPACE": r"\mathtt",
}
_LETTER_NAME = re.compile(rf"(?:MATHEMATICAL )?({'|'.join(sorted(_FONTS, key=len, reverse=True))}) (?:CAPITAL|SMALL|DIGIT) .+")

_OPEN_END = re.compile(r"(?:\\[A-Za-z]+|[_^][A-Za-z0-9])\Z")
_LONGEST_COMMAND = 24


def _table() -> dict[str, str]:
    words = _SYMBOLS.split()
    return dict(zip(words[::2], words[1::2], strict=True)) | dict.fromkeys([*_INVISIBLE, " ", "\n", "\t", "\r"], "")


_TEX = _table()


def join(pieces: list[str]) -> str:
    r"""TeX pieces side by side, with a space where a command or script would run into a letter: \pi and r -> \pi r."""
    joined, end = [], ""
    for piece in filter(None, pieces):
        is_open = piece[0].isalnum() and _OPEN_END.search(end)
        joined.append(" " + piece if is_open else piece)
        end = piece[-_LONGEST_COMMAND:]
    return "".join(joined)


def _character(character: str) -> str:
    known = _TEX.get(character)
    if known is not None:
        return known
    named = _LETTER_NAME.fullmatch(unicodedata.name(character, ""))
    if named is None:
        return character
    plain = unicodedata.normalize("NFKC", character)
    letter, font = _TEX.get(plain, plain), _FONTS[named[1]]
    return f"{font}{{{letter}}}" if font else letter


def symbols(text: str) -> str:
    r"""TeX of characters in math mode, white space left out: symbols("α≤β") -> r"\alpha\leq\beta"."""
    if text.isascii() and text.isalnum():
        return text
    return join([_character(character) for character in text])


def words(text: str) -> str:
    r"""Words inside a formula: words(" if x") -> r"\text{ if x}"; what TeX would take for a command is escaped."""
    escaped = re.sub(r"[{}%#$&_]", lambda match: "\\" + match[0], text.replace("\\", "/"))
    return f"\\text{{{escaped}}}"
