// A Sigstore deployment on loopback, made of @sigstore/mock and what real clients need beyond it.
//
//   node server.mjs NODE_MODULES STATE_FILE
//
// Each authority listens on a port of its own: clients build URLs from host and port alone. Once all listen, their URLs,
// certificates and public keys are in STATE_FILE as JSON. Everything is made anew at each start.

import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";

import { Tree, sha256 } from "./tree.mjs";

const [modules, stateFile] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const mock = require("@sigstore/mock");
const asn1js = require("asn1js");
const canonicalize = require("canonicalize");
const pkijs = require("pkijs");

const DAY = 24 * 60 * 60 * 1000;
const MAX_BODY = 16 * 1024 * 1024;
const AUDIENCE = "sigstore";
const GITHUB = "https://token.actions.githubusercontent.com";
class Refused extends Error {}

const keyPair = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const spki = (key) => key.export({ format: "der", type: "spki" });
const segment = (document) => Buffer.from(JSON.stringify(document)).toString("base64url");

function pem(der) {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g).join("\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

// --- Fulcio -------------------------------------------------------------------------------------------------------

/** The certificate's subject, as Fulcio derives it from the claims of the issuers that it knows. */
function subjectOf(claims) {
  const account = claims["kubernetes.io"]?.serviceaccount?.name;
  if (account) return `https://kubernetes.io/namespaces/${claims["kubernetes.io"].namespace}/serviceaccounts/${account}`;
  if (claims.iss === GITHUB && claims.job_workflow_ref) return `https://github.com/${claims.job_workflow_ref}`;
  if (claims.ci_config_ref_uri) return `https://${claims.ci_config_ref_uri}`;
  return claims.email ?? claims.sub;
}

function readToken(authorization) {
  const token = /^Bearer (.+)$/.exec(authorization ?? "")?.[1];
  if (!token) throw new Refused("there is no identity token");
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  if (![claims.aud].flat().includes(AUDIENCE)) throw new Refused("the identity token is for another audience");
  if (!(claims.exp * 1000 > Date.now())) throw new Refused("the identity token has expired");
  return claims;
}

/** The mock reads a token from the body, and takes the subject as it is. */
function mockToken(claims) {
  const texts = Object.entries(claims).filter(([, value]) => typeof value === "string");
  const known = { ...Object.fromEntries(texts), sub: subjectOf(claims) };
  return `${segment({ alg: "none" })}.${segment(known)}.`;
}

function fulcio(ca) {
  const { fn } = mock.fulcioHandler(ca);
  const issue = async (request, authorization) => {
    const credentials = { oidcIdentityToken: mockToken(readToken(authorization)) };
    const answer = await fn(JSON.stringify({ ...request, credentials }));
    if (answer.statusCode !== 201) throw new Refused(answer.response);
    return JSON.parse(answer.response).signedCertificateEmbeddedSct.chain.certificates;
  };
  return {
    "POST /api/v2/signingCert": async (body, { authorization }) => {
      const request = JSON.parse(body);
      if (request.certificateSigningRequest) {
        request.certificateSigningRequest = Buffer.from(request.certificateSigningRequest, "base64").toString();
      }
      const certificates = await issue(request, authorization);
      return json(200, { signedCertificateEmbeddedSct: { chain: { certificates } } });
    },
    // What cosign 2 asks.
    "POST /api/v1/signingCert": async (body, { authorization }) => {
      const publicKey = { content: Buffer.from(JSON.parse(body).publicKey.content, "base64").toString() };
      const certificates = await issue({ publicKeyRequest: { publicKey } }, authorization);
      return { status: 201, type: "application/pem-certificate-chain", content: certificates.join("") };
    },
    "GET /api/v2/trustBundle": () => json(200, { chains: [{ certificates: [pem(ca.rootCertificate)] }] }),
  };
}

// --- Rekor, both versions -----------------------------------------------------------------------------------------

const hashOf = (content) => ({ algorithm: "sha256", value: sha256(content).toString("hex") });

/** What Rekor keeps of a proposed entry: of an envelope, hashes and signatures alone. */
function kept(proposed) {
  const content = proposed.spec.proposedContent;
  if (proposed.kind !== "dsse" || !content) return proposed;
  const envelope = JSON.parse(content.envelope);
  const verifier = content.verifiers[0];
  return {
    apiVersion: proposed.apiVersion,
    kind: proposed.kind,
    spec: {
      envelopeHash: hashOf(Buffer.from(content.envelope)),
      payloadHash: hashOf(Buffer.from(envelope.payload, "base64")),
      signatures: envelope.signatures.map(({ sig }) => ({ signature: sig, verifier })),
    },
  };
}

function rekor(log, tree, publicKey) {
  const { fn } = mock.rekorHandler(log);
  return {
    "POST /api/v1/log/entries": async (body) => {
      const answer = await fn(JSON.stringify(kept(JSON.parse(body))));
      const [[uuid, entry]] = Object.entries(JSON.parse(answer.response));
      const proof = tree.add(Buffer.from(entry.body, "base64"));
      entry.verification.inclusionProof = {
        logIndex: proof.index,
        treeSize: proof.size,
        rootHash: proof.root.toString("hex"),
        hashes: proof.hashes.map((hash) => hash.toString("hex")),
        checkpoint: proof.checkpoint,
      };
      // Go clients find the entry in the answer by this header.
      return { ...json(201, { [uuid]: entry }), headers: { ETag: uuid, Location: `/api/v1/log/entries/${uuid}` } };
    },
    "GET /api/v1/log/publicKey": () => ({
      status: 200,
      type: "application/x-pem-file",
      content: publicKey.export({ format: "pem", type: "spki" }),
    }),
  };
}

function rekor2(tree) {
  const entry = (kind, spec) => {
    const body = Buffer.from(canonicalize({ apiVersion: "0.0.2", kind, spec }));
    const proof = tree.add(body);
    return {
      logIndex: String(proof.index),
      logId: { keyId: tree.id.toString("base64") },
      kindVersion: { kind, version: "0.0.2" },
      integratedTime: "0",
      inclusionProof: {
        logIndex: String(proof.index),
        rootHash: proof.root.toString("base64"),
        treeSize: String(proof.size),
        hashes: proof.hashes.map((hash) => hash.toString("base64")),
        checkpoint: { envelope: proof.checkpoint },
      },
      canonicalizedBody: body.toString("base64"),
    };
  };
  return {
    "POST /api/v2/log/entries": (body) => {
      const { hashedRekordRequestV002: hashed, dsseRequestV002: dsse } = JSON.parse(body);
      if (hashed) {
        const data = { algorithm: "SHA2_256", digest: hashed.digest };
        return json(201, entry("hashedrekord", { hashedRekordV002: { data, signature: hashed.signature } }));
      }
      if (!dsse) throw new Refused("neither a hashedrekord nor a dsse entry of version 0.0.2");
      const payload = sha256(Buffer.from(dsse.envelope.payload, "base64"));
      const payloadHash = { algorithm: "SHA2_256", digest: payload.toString("base64") };
      const signatures = dsse.envelope.signatures.map(({ sig }) => ({ content: sig, verifier: dsse.verifiers[0] }));
      return json(201, entry("dsse", { dsseV002: { payloadHash, signatures } }));
    },
  };
}

// --- Timestamps ---------------------------------------------------------------------------------------------------

/** The mock counts nonces in floating point; clients choose 64 bits and compare them. */
function withWholeNonce(tsa) {
  const plain = tsa.tstInfo.bind(tsa);
  tsa.tstInfo = (request) => {
    const info = plain(request);
    info.nonce = request.wholeNonce;
    info.serialNumber = new asn1js.Integer({ valueHex: Buffer.concat([Buffer.of(1), randomBytes(8)]) });
    return info;
  };
  return tsa;
}

function timestamps(tsa) {
  return {
    "POST /api/v1/timestamp": async (body) => {
      const request = pkijs.TimeStampReq.fromBER(body);
      const content = await tsa.timestamp({
        artifactHash: Buffer.from(request.messageImprint.hashedMessage.valueBlock.valueHexView),
        hashAlgorithmOID: request.messageImprint.hashAlgorithm.algorithmId,
        nonce: 0,
        wholeNonce: request.nonce,
        policyOID: request.reqPolicy ?? "1.3.6.1.4.1.57264.2",
        certReq: request.certReq ?? false,
      });
      return { status: 201, type: "application/timestamp-reply", content };
    },
  };
}

// --- HTTP ---------------------------------------------------------------------------------------------------------

const json = (status, document) => ({ status, type: "application/json", content: JSON.stringify(document) });

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Refused("the request is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function answer(routes, request) {
  const route = routes[`${request.method} ${new URL(request.url, "http://localhost").pathname}`];
  if (!route) return json(404, { code: 404, message: `nothing at ${request.method} ${request.url}` });
  try {
    return await route(await read(request), request.headers);
  } catch (error) {
    // Whatever a client sends wrong is the client's error; the log tells which it was.
    console.error(`${request.method} ${request.url}: ${error.stack}`);
    return json(400, { code: 400, message: error.message });
  }
}

/** Start to listen before the authority exists: what it signs may name its own address. */
async function listen(authority) {
  let routes = {};
  const server = createServer(async (request, response) => {
    const { status, type, content, headers } = await answer(routes, request);
    console.log(`${request.method} ${request.url} ${status}`);
    response.writeHead(status, { ...headers, "Content-Type": type, "Content-Length": Buffer.byteLength(content) });
    response.end(content);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${server.address().port}`;
  const made = await authority(url);
  routes = made.routes;
  return { url, ...made.state };
}

// --- What there is ------------------------------------------------------------------------------------------------

const base64 = (bytes) => Buffer.from(bytes).toString("base64");

async function ctLog() {
  const keys = keyPair();
  return { log: await mock.initializeCTLog(keys), state: { key: base64(spki(keys.publicKey)), id: base64(sha256(spki(keys.publicKey))) } };
}

async function certificateAuthority(keys, log, shift) {
  const ca = await mock.initializeCA(keys, log, shift ? new Date(Date.now() + shift) : undefined);
  return { routes: fulcio(ca), state: { certificates: [base64(ca.rootCertificate)] } };
}

async function transparencyLog(url, isEmpty = false) {
  const { privateKey, publicKey } = keyPair();
  const key = spki(publicKey);
  const origin = `${new URL(url).hostname} - 1193050959916656506`;
  const tree = new Tree(origin, sha256(key), (note) => sign("sha256", note, privateKey), isEmpty);
  const log = await mock.initializeTLog(url, { privateKey, publicKey });
  return { routes: rekor(log, tree, publicKey), state: { key: base64(key), id: base64(tree.id) } };
}

async function transparencyLog2(url) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = spki(publicKey);
  const origin = new URL(url).hostname;
  const id = sha256(Buffer.from(`${origin}\n\x01`), key.subarray(-32));
  const tree = new Tree(origin, id, (note) => sign(null, note, privateKey));
  return { routes: rekor2(tree), state: { key: base64(key), id: base64(id) } };
}

async function timestampAuthority() {
  const tsa = withWholeNonce(await mock.initializeTSA(keyPair()));
  return { routes: timestamps(tsa), state: { certificates: [base64(tsa.intCertificate), base64(tsa.rootCertificate)] } };
}

const [keys, otherKeys, ct, otherCt] = [keyPair(), keyPair(), await ctLog(), await ctLog()];
const state = {
  fulcio: await listen(() => certificateAuthority(keys, ct.log)),
  fulcio_of_yesterday: await listen(() => certificateAuthority(keys, ct.log, -DAY)),
  fulcio_of_tomorrow: await listen(() => certificateAuthority(keys, ct.log, DAY)),
  fulcio_without_ct: await listen(() => certificateAuthority(keys)),
  other_fulcio: await listen(() => certificateAuthority(otherKeys, otherCt.log)),
  ct: ct.state,
  other_ct: otherCt.state,
  rekor: await listen(transparencyLog),
  other_rekor: await listen(transparencyLog),
  empty_rekor: await listen((url) => transparencyLog(url, true)),
  rekor2: await listen(transparencyLog2),
  tsa: await listen(timestampAuthority),
  other_tsa: await listen(timestampAuthority),
};
writeFileSync(`${stateFile}.new`, JSON.stringify(state, null, 2));
renameSync(`${stateFile}.new`, stateFile);
