"""How good a search is on labelled queries: Hit@3 and mean reciprocal rank.

A file of queries has one a line: where it is from, the words, and the ends of
the paths of the documents that answer it, separated by tabs and spaces. `so`
is the title of a question on Stack Overflow, `gh` that of an issue, `own` was
written without looking at the documents. held-out.tsv is for reports only:
nothing is ever tuned on it. queries-2.tsv was such a file until some of it had
been looked at.
"""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent
TUNED = HERE / "queries.tsv"
TUNED_2 = HERE / "queries-2.tsv"
HELD_OUT = HERE / "held-out.tsv"
# So many places of a ranking are looked at.
DEPTH = 10


class Query:
    def __init__(self, line):
        self.origin, self.text, ends = line.rstrip("\n").split("\t")
        self.ends = ends.split()

    def is_answer(self, path):
        return any(path == e or path.endswith("/" + e) for e in self.ends)


def read(file):
    lines = file.read_text().splitlines()
    return [Query(line) for line in lines if not line.startswith("#")]


def without_answer(queries, folder):
    """The queries that no document of the folder could answer."""
    paths = [str(p.relative_to(folder)) for p in folder.rglob("*.md")]
    return [q.text for q in queries if not any(map(q.is_answer, paths))]


class Score:
    """search(text) gives the paths, best first, at most DEPTH."""

    def __init__(self, queries, search):
        self.ranks = []
        for query in queries:
            paths = list(search(query.text))[:DEPTH]
            places = [i for i, p in enumerate(paths, 1) if query.is_answer(p)]
            self.ranks.append((query, places[0] if places else None))

    @property
    def n(self):
        return len(self.ranks)

    @property
    def hit_at_3(self):
        return sum(r is not None and r <= 3 for _, r in self.ranks) / self.n

    @property
    def mrr(self):
        return sum(1 / r for _, r in self.ranks if r) / self.n

    def __str__(self):
        return f"Hit@3 {self.hit_at_3:.3f} MRR {self.mrr:.3f} of {self.n}"

    def misses(self):
        return [(rank, query.origin, query.text) for query, rank in self.ranks
                if rank is None or rank > 3]
