"""AWS' STS and ECR on loopback, as far as a login needs them, strict about tokens, signatures, regions and time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.platform.providers.identity_tokens import Issuer, RefusedTokenError
from tests.platform.providers.serving import Request, Response, Served

ROLE = "arn:aws:iam::123456789012:role/publisher"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[A-Z0-9]+)/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z-]+)/"
    r"aws4_request, SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_TARGETS = {
    "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken": "ecr",
    "SpencerFrontendService.GetAuthorizationToken": "ecr-public",
}


@dataclass
class Aws:
    """One role that the issuer's subjects may assume, and a registry that takes the passwords given out here."""

    issuer: Issuer
    audience: str = "sts.amazonaws.com"
    region: str = "eu-central-1"
    lifetime: float = 12 * 3600
    is_denied: bool = False
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Secret and session token of each access key."""
    passwords: dict[str, float] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def serve(self) -> Served:
        """Its server."""
        return Served(self._answer)

    def environment(self, served: Served) -> dict[str, str]:
        """For the AWS SDK; nothing of the machine's own configuration."""
        return {
            "AWS_ENDPOINT_URL": served.url,
            "AWS_ROLE_ARN": ROLE,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make_key(self) -> dict[str, str]:
        """An access key of a user, as variables."""
        key, secret = f"AKIA{secrets.token_hex(8).upper()}", secrets.token_hex(20)
        self.keys[key] = (secret, "")
        self.secrets.append(secret)
        return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def accepts(self, username: str, password: str) -> bool:
        """Whether the registry takes this login now."""
        return username == "AWS" and self.passwords.get(password, 0) > time.time()

    def _answer(self, request: Request) -> Response:
        if "x-amz-target" in request.headers:
            return self._authorize(request)
        form = request.form
        if request.method != "POST" or form.get("Version") != "2011-06-15":
            return _sts_error("InvalidAction", "no such action")
        return self._assume(form, request)

    def _assume(self, form: dict[str, str], request: Request) -> Response:
        if form.get("Action") != "AssumeRoleWithWebIdentity" or "authorization" in request.headers:
            return _sts_error("InvalidAction", "this one is asked without a signature")
        if re.fullmatch(r"[\w+=,.@-]{2,64}", form.get("RoleSessionName", "")) is None:
            return _sts_error("ValidationError", "RoleSessionName")
        try:
            claims = self.issuer.claims(form.get("WebIdentityToken", ""), self.audience)
        except RefusedTokenError as error:
            # It repeats what it was sent, as the worst that a client must expect.
            return _sts_error("InvalidIdentityToken", f"{error}: {form.get('WebIdentityToken', '')}")
        if form.get("RoleArn") != ROLE or not str(claims["sub"]).startswith("repo:acme/"):
            return _sts_error("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
        key, secret, session = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(60)
        self.keys[key] = (secret, session)
        self.secrets += [secret, session]
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return _xml(
            "<AssumeRoleWithWebIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>"
            "<AssumeRoleWithWebIdentityResult><Credentials>"
            f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
            f"<SessionToken>{session}</SessionToken><Expiration>{until}</Expiration>"
            "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        )

    def _authorize(self, request: Request) -> Response:
        service = _TARGETS.get(request.headers["x-amz-target"])
        region = "us-east-1" if service == "ecr-public" else self.region
        match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if service is None or match is None:
            return _ecr_error("MissingAuthenticationTokenException", "not signed")
        if (match["service"], match["region"]) != (service, region):
            return _ecr_error("InvalidSignatureException", f"signed for {match['service']} in {match['region']}")
        secret, session = self.keys.get(match["key"], ("", ""))
        if not secret or request.headers.get("x-amz-security-token", "") != session:
            return _ecr_error("UnrecognizedClientException", "The security token included in the request is invalid.")
        if not hmac.compare_digest(_signature(request, match, secret), match["signature"]):
            return _ecr_error("InvalidSignatureException", "the signature does not match")
        if self.is_denied:
            return _ecr_error("AccessDeniedException", f"not authorized to perform: {service}:GetAuthorizationToken")
        return self._given(service)

    def _given(self, service: str) -> Response:
        password, expires = secrets.token_hex(40), time.time() + self.lifetime
        self.passwords[password] = expires
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        self.secrets += [password, token]
        data = {"authorizationToken": token, "expiresAt": expires}
        document = {"authorizationData": data if service == "ecr-public" else [{**data, "proxyEndpoint": "https://x"}]}
        return Response(200, json.dumps(document).encode(), {"Content-Type": "application/x-amz-json-1.1"})


def _signature(request: Request, match: re.Match[str], secret: str) -> str:
    """Signature Version 4 as AWS documents it."""
    names = match["headers"].split(";")
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    hashed = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, quote(request.path), request.query, headers, match["headers"], hashed])
    scope = f"{match['date']}/{match['region']}/{match['service']}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = "\n".join(["AWS4-HMAC-SHA256", request.headers.get("x-amz-date", ""), scope, digest])
    key = f"AWS4{secret}".encode()
    for part in (match["date"], match["region"], match["service"], "aws4_request", signed):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def _sts_error(code: str, message: str, status: int = 400) -> Response:
    return _xml(
        f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>", status
    )


def _xml(text: str, status: int = 200) -> Response:
    return Response(status, text.encode(), {"Content-Type": "text/xml"})


def _ecr_error(code: str, message: str) -> Response:
    return Response(400, json.dumps({"__type": code, "message": message}).encode(), {"x-amzn-errortype": code})
