"""What a search is made of: what rows bring along, what they may say next, and how runs rank."""
