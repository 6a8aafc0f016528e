"""What a visitor brings and takes away: documents, runs, reports, links."""
