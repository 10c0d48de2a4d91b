"""The nano family: eight sibling language models and a retriever, from raw text to weights. See ../README.md."""
