"""Turn pieces into arrays and back: tokenizers, grammars, vocabularies, windows."""
