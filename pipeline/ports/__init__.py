"""What the stages need from the world, as protocols; every member of a family is held to one contract suite."""

from pipeline.ports.api_server import ApiServer, Stream
from pipeline.ports.artifacts import Registry, Signer, Verifier
from pipeline.ports.attesting import SbomFormat
from pipeline.ports.checkouts import Checkout
from pipeline.ports.ci import Presence
from pipeline.ports.cluster import Cluster, Inventories
from pipeline.ports.gates import Gate
from pipeline.ports.identities import FindLogin, LoginStore, Mask, RegistryIdentity
from pipeline.ports.image_engine import ImageEngine
from pipeline.ports.pictures import Picture
from pipeline.ports.places import Places
from pipeline.ports.proposing import Committer, PullRequests
from pipeline.ports.rendering import Decryptor, Expressions, Renderer, TreeBuilder
from pipeline.ports.surroundings import Clock, Environment, Reporter

__all__ = [
    "ApiServer",
    "Checkout",
    "Clock",
    "Cluster",
    "Committer",
    "Decryptor",
    "Environment",
    "Expressions",
    "FindLogin",
    "Gate",
    "ImageEngine",
    "Inventories",
    "LoginStore",
    "Mask",
    "Picture",
    "Places",
    "Presence",
    "PullRequests",
    "Registry",
    "RegistryIdentity",
    "Renderer",
    "Reporter",
    "SbomFormat",
    "Signer",
    "Stream",
    "TreeBuilder",
    "Verifier",
]
