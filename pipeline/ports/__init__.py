"""What the stages need from the world, as protocols; every member of a family is held to one contract suite."""

from pipeline.ports.api_server import ApiServer, Stream
from pipeline.ports.artifacts import Registry, Signer, Verifier
from pipeline.ports.attesting import SbomFormat
from pipeline.ports.ci import Presence
from pipeline.ports.cluster import Cluster, Inventories
from pipeline.ports.gates import Gate
from pipeline.ports.pictures import Picture
from pipeline.ports.places import Places
from pipeline.ports.proposing import Checkout, PullRequests
from pipeline.ports.rendering import Decryptor, Expressions, Renderer, TreeBuilder
from pipeline.ports.surroundings import Clock, Environment, Reporter

__all__ = [
    "ApiServer",
    "Checkout",
    "Clock",
    "Cluster",
    "Decryptor",
    "Environment",
    "Expressions",
    "Gate",
    "Inventories",
    "Picture",
    "Places",
    "Presence",
    "PullRequests",
    "Registry",
    "Renderer",
    "Reporter",
    "SbomFormat",
    "Signer",
    "Stream",
    "TreeBuilder",
    "Verifier",
]
