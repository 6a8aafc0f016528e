"""From characters to tokens, words, sentences and parts of a long text, and back. No torch here."""
