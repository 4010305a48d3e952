// The hash tree of a transparency log: inclusion proofs and signed heads.

import { createHash } from "node:crypto";

export const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();

/** A tree of RFC 6962 whose head is a checkpoint of C2SP (tlog-checkpoint, signed-note). */
export class Tree {
  constructor(origin, id, signature, isEmpty = false) {
    Object.assign(this, { origin, id, signature });
    // Logs that clients meet are not empty; Go leaves an index of zero out of a bundle, where others then miss it.
    this.leaves = isEmpty ? [] : [sha256(Buffer.of(0), Buffer.from("the first leaf"))];
  }

  add(body) {
    this.leaves.push(sha256(Buffer.of(0), body));
    const index = this.leaves.length - 1;
    const size = this.leaves.length;
    const root = rootOf(this.leaves);
    return { index, size, root, hashes: pathTo(index, this.leaves), checkpoint: this.#checkpoint(size, root) };
  }

  #checkpoint(size, root) {
    const note = `${this.origin}\n${size}\n${root.toString("base64")}\n`;
    const signature = Buffer.concat([this.id.subarray(0, 4), this.signature(Buffer.from(note))]);
    return `${note}\n\u2014 ${this.origin.split(" ")[0]} ${signature.toString("base64")}\n`;
  }
}

function splitOf(leaves) {
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return [leaves.slice(0, half), leaves.slice(half)];
}

function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  const [left, right] = splitOf(leaves);
  return sha256(Buffer.of(1), rootOf(left), rootOf(right));
}

function pathTo(index, leaves) {
  if (leaves.length === 1) return [];
  const [left, right] = splitOf(leaves);
  if (index < left.length) return [...pathTo(index, left), rootOf(right)];
  return [...pathTo(index - left.length, right), rootOf(left)];
}
