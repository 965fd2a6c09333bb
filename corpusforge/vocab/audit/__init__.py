"""What is wrong with a tokenizer, anyone's, and how it does on text."""
