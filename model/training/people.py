"""Who speaks in made chats and letters: names, roles, and labels of those who have none."""

from __future__ import annotations

NAMES_WORDS = """
Mia Ben Anna Jonas Lena Tom Sara Omar Priya Luca Nora Kofi Elena Marek Aisha Hugo Ingrid Mateo
Yuki Daniel Sofia Liam Emma Noah Olivia James Grace Henry Alice Jack Chloe Ryan Megan Carlos Lucia
Pedro Ana Rosa Diego Maria Paulo Ines Ahmed Fatima Hassan Leila Samir Nadia Yusuf Zara Ravi Anjali
Vikram Meera Wei Jun Mei Hana Kenji Sora Minh Linh Olga Ivan Katya Pavel Jana Petra Lukas Klara
Felix Greta Amara Chidi Zuri Tunde Thabo Nia Eva Max Paul Julia Simon Claire Marc Amy Sam Kate
Alex Chris Robin Lisa Peter Laura David Ruth Adam Helen Frank Judy Steve Rachel Amanda Jerry
Hannah Matt Will Kim Pat Mum Dad Grandma Aaron Abby Adele Agnes Alan Albert Alma Amir Andrea Andy
Angela Anton Arthur Astrid Barbara Bea Bella Bernd Beth Bill Bob Bruno Caleb Carla Carol Cathy Cem
Clara Colin Connor Craig Dana Dave Deniz Diana Dora Doris Ed Edith Ella Ellen Elsa Emil Eric Erin
Ernie Ethan Fay Finn Fiona Fred Gary George Gina Gloria Greg Gustav Hal Hanna Harriet Harry Heidi
Holly Ian Ida Iris Isaac Ivy Jake Jan Jason Jay Jenny Jess Jill Jo Joan Joe Jordan Josh Joy Jude
Karen Karl Keith Ken Kev Kurt Kyle Larry Leah Lee Leo Lily Linda Lola Lou Louise Lucy Luke Maggie
Malik Marco Margaret Mark Martha Martin Mary Mel Mick Mike Milo Mira Molly Mona Nadine Naomi Nate
Neil Nick Nils Nina Noor Oscar Otto Pam Paula Pete Phil Phoebe Rachid Rita Rob Roger Roland Ron
Rory Rose Roy Ruby Sally Sandra Sean Selma Sid Simone Sonia Sophie Stan Stella Sue Susan Tamara
Tara Ted Theo Tim Tina Toby Tony Tracy Uli Una Ursula Val Vera Victor Viola Walter Wendy Xenia
Yara Yasmin Yvonne Zoe
"""
NAMES = tuple(NAMES_WORDS.split())
SURNAMES = ("Novak", "Osei", "Brandt", "Silva", "Okafor", "Lindqvist", "Rossi", "Chen", "Haddad")
TITLES = ("Ms", "Mr", "Dr", "Mrs")
ROLES = (
    ("Agent", "Customer"), ("Doctor", "Patient"), ("Teacher", "Student"), ("Manager", "Assistant"),
    ("Host", "Guest"), ("Landlord", "Tenant"), ("Coach", "Player"), ("Seller", "Buyer"),
    ("Operator", "Caller"), ("Nurse", "Patient"), ("Waiter", "Guest"), ("Clerk", "Customer"),
    ("Interviewer", "Candidate"), ("Mother", "Son"), ("Father", "Daughter"), ("Boss", "Colleague"),
)  # fmt: skip
LABELS = (
    ("#Person1#", "#Person2#"), ("Person1", "Person2"), ("Speaker 1", "Speaker 2"), ("A", "B"),
    ("Speaker A", "Speaker B"), ("User1", "User2"), ("Person A", "Person B"), ("P1", "P2"),
)  # fmt: skip
LABELLED = frozenset(name for pair in LABELS for name in pair)
