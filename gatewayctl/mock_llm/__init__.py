"""A small LLM server that speaks OpenAI and Anthropic and answers the same request with the same text."""
