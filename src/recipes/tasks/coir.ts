export const COIR_SOURCE =
  'BGE-Code-v1 (Li et al. 2025, arXiv:2505.12697), FlagEmbedding research/BGE_Coder/evaluation/coir_eval/prompts.py'

const MIXED_ANSWERS =
  'retrieve relevant answers that also consist of a mix of text and code snippets, and can help answer the question.'

/** Task instructions for CoIR's collections by the registry's names; those of CodeSearchNet are the same for all languages. */
export const COIR_TASKS: Readonly<Record<string, string>> = {
  apps: 'Given a code contest problem description, retrieve relevant code that can help solve the problem.',
  cosqa: 'Given a web search query, retrieve relevant code that can help answer the query.',
  'synthetic-text2sql':
    'Given a question in text, retrieve SQL queries that are appropriate responses to the question.',
  codesearchnet: 'Given a piece of code, retrieve the document string that summarizes the code.',
  'codesearchnet-ccr': 'Given a piece of code segment, retrieve the code segment that is the latter part of the code.',
  'codetrans-dl': 'Given a piece of code, retrieve code that is semantically equivalent to the input code.',
  'codetrans-contest':
    'Given a piece of Python code, retrieve C++ code that is semantically equivalent to the input code.',
  'stackoverflow-qa': `Given a question that consists of a mix of text and code snippets, ${MIXED_ANSWERS}`,
  'codefeedback-st': `Given a question that consists of a mix of text and code snippets, ${MIXED_ANSWERS}`,
  'codefeedback-mt': `Given a multi-turn conversation history that consists of a mix of text and code snippets, ${MIXED_ANSWERS}`,
}
