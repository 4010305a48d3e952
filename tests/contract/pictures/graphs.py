"""Graphs with everything in them: every tone and relation, texts that want out, and more than one can see at once."""

from __future__ import annotations

from itertools import cycle, pairwise

from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]><svg onload=alert(1)>", '"]; evil [label="',
    '\\"}; subgraph cluster_x {', "end", "#quot;#lt;", '`${1}`|x|"', "a-->b:::x", "%%{init: {}}%%", "click n0 href",
    "<br/><b>x</b>", "&amp;&lt;&#x3c;", "\\N\\G\\l", "</style></title><!--", "\x1b[31mred\x00\ufffe\ud800",
    "日本語 café", "a\nb\r\nc", "x" * 500, "javascript:alert(1)", "style n0 fill:#f00", "subgraph", "{{ .Values }}",
    "*bold* _x_ 1. y",
)  # fmt: skip


def colourful() -> Graph:
    """One node per tone, joined by every relation."""
    nodes = tuple(
        Node(id=f"ConfigMap shop/{tone}", title="ConfigMap", label=tone.value, group="shop", tone=tone, detail="why")
        for tone in Tone
    )
    edges = tuple(
        Edge(nodes[0].id, node.id, relation, "as it is")
        for node, relation in zip(nodes[1:], cycle(Relation), strict=False)
    )
    return Graph(title="Every colour", nodes=nodes, edges=edges)


def hostile() -> Graph:
    """Texts in every place that mean something in some format."""
    nodes = tuple(
        Node(
            id=f"{index} {text}", title=text, label=text, group=text if index % 3 else "", detail=text, tone=Tone.FAILED
        )
        for index, text in enumerate(HOSTILE)
    )
    edges = tuple(Edge(first.id, second.id, Relation.REFERENCE, first.label) for first, second in pairwise(nodes))
    return Graph(title="".join(HOSTILE), nodes=nodes, edges=edges)


def folded() -> Graph:
    """Eight alike."""
    return Graph(nodes=tuple(Node(id=f"m{index}", title="ConfigMap", label=f"m{index}") for index in range(8)))


def large() -> Graph:
    """Two hundred objects of forty applications in four namespaces, which share what all applications share."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    for number in range(40):
        team = f"team-{number % 4}"
        names = [
            f"{kind} {team}/app-{number}" for kind in ("Service", "Deployment", "ConfigMap", "Secret", "ServiceAccount")
        ]
        nodes += [Node(id=name, title=name.split()[0], label=f"app-{number}", group=team) for name in names]
        edges.append(Edge(names[0], names[1], Relation.SELECTOR, "selects"))
        edges += [Edge(names[1], name, Relation.REFERENCE, "env") for name in names[2:]]
    shared = [
        Node(id=f"Secret team-{team}/pull", title="Secret", label="pull", group=f"team-{team}") for team in range(4)
    ]
    edges += [
        Edge(node.id, f"Secret {node.group}/pull", Relation.REFERENCE, "pulls with")
        for node in nodes
        if node.title == "Deployment"
    ]
    return Graph(title="Forty applications", nodes=(*nodes, *shared), edges=tuple(edges))


GRAPHS = {
    "colourful": colourful(),
    "hostile": hostile(),
    "folded": folded(),
    "large": large(),
    "empty": Graph(title="Nothing"),
}
