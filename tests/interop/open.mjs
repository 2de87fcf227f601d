// Does with the npm package age-encryption what tests/interop asks for: one JSON list of jobs on
// standard input, one JSON list of answers on standard output. No part of the product is here.
//
//   { do: "decrypt", identity, file, out }            -> { bytes }
//   { do: "encrypt", recipients, file, out }          -> { bytes }
//   { do: "unlock" or "lock", passphrase, file, out } -> { bytes }
//   { do: "recipient", identity }                     -> { recipient }
//   { do: "verify", jws, keys: { kid: hex } }         -> { payload, kids }   (RFC 7515, general JSON)
//
// What fails answers { error } and stops nothing else.

import { createPublicKey, verify, webcrypto } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

globalThis.crypto ??= webcrypto; // Node 18, as Debian 12 has it
const age = await import("age-encryption");

async function decrypt({ identity, file, out }) {
  const decrypter = new age.Decrypter();
  decrypter.addIdentity(identity);
  const plain = await decrypter.decrypt(readFileSync(file), "uint8array");
  writeFileSync(out, plain);
  return { bytes: plain.length };
}

async function encrypt({ recipients, file, out }) {
  const encrypter = new age.Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const sealed = await encrypter.encrypt(readFileSync(file));
  writeFileSync(out, sealed);
  return { bytes: sealed.length };
}

async function unlock({ passphrase, file, out }) {
  const decrypter = new age.Decrypter();
  decrypter.addPassphrase(passphrase);
  const plain = await decrypter.decrypt(readFileSync(file), "uint8array");
  writeFileSync(out, plain);
  return { bytes: plain.length };
}

async function lock({ passphrase, file, out }) {
  const encrypter = new age.Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(12);
  const sealed = await encrypter.encrypt(readFileSync(file));
  writeFileSync(out, sealed);
  return { bytes: sealed.length };
}

async function recipient({ identity }) {
  return { recipient: await age.identityToRecipient(identity) };
}

function verified({ jws, keys }) {
  const { payload, signatures } = JSON.parse(readFileSync(jws, "utf8"));
  const kids = signatures.map((item) => {
    const header = JSON.parse(Buffer.from(item.protected, "base64url").toString("utf8"));
    if (header.alg !== "EdDSA" || !(header.kid in keys)) throw new Error("header");
    const x = Buffer.from(keys[header.kid], "hex").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const signed = Buffer.from(`${item.protected}.${payload}`);
    if (!verify(null, signed, key, Buffer.from(item.signature, "base64url"))) {
      throw new Error("signature");
    }
    return header.kid;
  });
  return { payload: Buffer.from(payload, "base64url").toString("base64"), kids };
}

const duties = { decrypt, encrypt, lock, unlock, recipient, verify: verified };
const answers = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push(await duties[job.do](job));
  } catch (error) {
    answers.push({ error: String(error?.message ?? error) });
  }
}
process.stdout.write(JSON.stringify(answers));
