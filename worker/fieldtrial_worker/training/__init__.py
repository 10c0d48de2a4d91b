"""Training a model into a retriever: `python -m fieldtrial_worker.training job.json`, under torchrun where there are several processes.

Token ids in, weights out. Texts, prompts and tokens are the caller's; PyTorch, transformers and PEFT do the general work.
"""
