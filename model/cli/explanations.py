"""What the options of `prepare` mean, for its help."""

PSEUDO_PAIRS = {
    "contributions": 'tldr pairs from abstracts with a sentence like "We propose …"',
    "contribution_sets": "set of the data whose sources are abstracts",
    "extracts": "headline, tldr and summary pairs from statements of sources near their references",
    "extract_sets": "set of the data that these come from; of all where none is named",
    "renamed": "copies of every pair with other names of people, places and firms",
    "renamed_sets": "set of the data to copy so; all where none is named",
    "gap_sentences": "pairs from the sentences that say most of a passage",
    "clauses": "headline pairs from the main clause that a passage opens with",
    "passages": "text file for these two",
    "first_sentences": "pairs from the first sentences of articles",
    "articles": "text file for these, a blank line between articles",
    "chats": "notes, tldr and headline pairs from chats and letters made of prose",
    "reviews": "tldr, headline and summary pairs from reviews made of opinions and prose",
    "prose": "text file for these two",
}

WORDING = {
    "most_new": "share of a training target's word pairs that its source may lack",
    "most_new_sets": "set of the data that this is asked of; all where none is named",
}
