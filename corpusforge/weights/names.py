"""Names of tensors that have a row for each id, in the families of models that there are.

Last parts of names, as Llama, Mistral, Qwen and Gemma, GPT-2, GPT-NeoX, BLOOM and Falcon, InternLM 2 have them.
"""

INPUT_MATRICES = ("embed_tokens", "wte", "embed_in", "word_embeddings", "tok_embeddings")
OUTPUT_MATRICES = ("lm_head", "embed_out", "output")


def is_matrix(name: str, matrices: tuple[str, ...]) -> bool:
    """Whether a tensor has the name of one of them: "model.embed_tokens.weight" is an input matrix."""
    return f".{name}".endswith(tuple(f".{matrix}.weight" for matrix in matrices))
