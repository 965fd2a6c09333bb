"""Fine-tuning rows: conversations in many formats, and their tokens with the answers marked."""
