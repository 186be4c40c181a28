import { createHmac, type BinaryLike } from "node:crypto";
import { exportSPKI, importJWK, SignJWT, type CryptoKey } from "jose";
import { newKey, USER, type FakeDoorward } from "./fake-doorward.js";

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Tokens that must be taken for none, each named after what is wrong with it. */
export async function badTokens(doorward: FakeDoorward): Promise<Record<string, string>> {
  const key = doorward.keys[0]!;
  const good = await doorward.token();
  const [header = "", payload = "", signature = ""] = good.split(".");
  /** Decodes to the same bytes, where nobody looks at the bits that are left over. */
  const respelled = (part: string, by: number) => part.slice(0, -1) + BASE64URL[BASE64URL.indexOf(part.at(-1)!) + by]!;
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const decoded = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  const hmac = (secret: BinaryLike) => {
    const text = `${encode({ alg: "HS256", kid: key.kid, typ: "at+jwt" })}.${payload}`;
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };
  const stranger = await newKey("ES256", "stranger");
  const impostor = await newKey("ES256", key.kid);
  const rsa = await newKey("RS256", key.kid);
  const spki = await exportSPKI((await importJWK(key.jwk, "ES256", { extractable: true })) as CryptoKey);
  const raw = (claims: string) =>
    new Uint8Array(Buffer.from(claims)) && signRaw(key.privateKey, encode({ alg: "ES256", kid: key.kid, typ: "at+jwt" }), encode(claims));

  return {
    "nothing but dots": "..",
    "one part": header,
    "no signature": `${header}.${payload}.`,
    "no signature part": `${header}.${payload}`,
    "a truncated signature": good.slice(0, -10),
    "a signature of zeros": `${header}.${payload}.${Buffer.alloc(64).toString("base64url")}`,
    "changed claims": `${header}.${encode({ ...decoded, sub: `${USER.slice(0, -1)}1` })}.${signature}`,
    "four parts": `${good}.x`,
    "another spelling of its signature": `${header}.${payload}.${respelled(signature, 1)}`,
    "yet another spelling of its signature": `${header}.${payload}.${respelled(signature, 15)}`,
    "a signature that ends in half a byte": `${good}AAA`,
    "padded base64": `${header}.${payload}.${signature}==`,
    "alg none": `${encode({ alg: "none", kid: key.kid, typ: "at+jwt" })}.${payload}.`,
    "alg None": `${encode({ alg: "None", kid: key.kid, typ: "at+jwt" })}.${payload}.${signature}`,
    "HS256 with the public key as PEM": hmac(spki),
    "HS256 with the public key as JWK": hmac(JSON.stringify(key.jwk)),
    "HS256 with x": hmac(Buffer.from(String(key.jwk.x), "base64url")),
    "HS256 with nothing": hmac(""),
    "a stranger's key": await doorward.token({}, { key: stranger }),
    "a stranger's key of our kid": await doorward.token({}, { key: impostor }),
    "another algorithm of our kid": await doorward.token({}, { key: rsa }),
    "its own key in jwk": await doorward.token({}, { key: stranger, header: { jwk: stranger.jwk } }),
    "its own key in jwk, of our kid": await doorward.token({}, { key: impostor, header: { jwk: impostor.jwk } }),
    "its own keys in jku": await doorward.token({}, { key: stranger, header: { jku: "http://127.0.0.1:9/keys" } }),
    "its own keys in x5u": await doorward.token({}, { key: stranger, header: { x5u: "http://127.0.0.1:9/keys" } }),
    "its own certificate in x5c": await doorward.token({}, { key: stranger, header: { x5c: ["MIIB"] } }),
    "no kid": await doorward.token({}, { header: { kid: undefined } }),
    "an empty kid": await doorward.token({}, { header: { kid: "" } }),
    "a path for a kid": await doorward.token({}, { header: { kid: "../../../../dev/null" } }),
    "a kid of all objects": await doorward.token({}, { header: { kid: "__proto__" } }),
    "an unknown critical header": await signWithCrit(doorward),
    "an ID token": await doorward.token({}, { header: { typ: "JWT" } }),
    "an internal token": await doorward.token({}, { header: { typ: "doorward-internal+jwt" } }),
    "a logout token": await doorward.token({}, { header: { typ: "logout+jwt" } }),
    "no type": await doorward.token({}, { header: { typ: undefined } }),
    "another issuer": await doorward.token({ iss: "http://localhost:3001" }),
    "an issuer with a slash": await doorward.token({ iss: "http://localhost:3000/" }),
    "no issuer": await doorward.token({ iss: undefined }),
    "another audience": await doorward.token({ aud: "https://api.example.com" }),
    "our audience among others": await doorward.token({ aud: ["http://localhost:3000", "https://api.example.com"] }),
    "our audience in a list": await doorward.token({ aud: ["http://localhost:3000"] }),
    "no audience": await doorward.token({ aud: undefined }),
    "an OAuth client's": await doorward.token({ client_id: "client_0198a7c2f3b47c1e9d5a6b7c8d9e0f10" }),
    "no client": await doorward.token({ client_id: undefined }),
    "no subject": await doorward.token({ sub: undefined }),
    "a client for a subject": await doorward.token({ sub: "client_0198a7c2f3b47c1e9d5a6b7c8d9e0f10" }),
    "no session": await doorward.token({ sid: undefined }),
    "no end": await doorward.token({ exp: undefined }),
    "an end in words": await raw(JSON.stringify({ ...decoded, exp: String(now + 600) })),
    "a huge end": await raw(JSON.stringify({ ...decoded, exp: 0 }).replace('"exp":0', '"exp":1e400')),
    "an end past all years": await raw(JSON.stringify({ ...decoded, exp: Number.MAX_SAFE_INTEGER })),
    "an end of a fraction": await raw(JSON.stringify({ ...decoded, exp: now + 600.5 })),
    "an end below zero": await raw(JSON.stringify({ ...decoded, exp: -1 })),
    "an end that is a list": await raw(JSON.stringify({ ...decoded, exp: [now + 600] })),
    "an end that is null": await raw(JSON.stringify({ ...decoded, exp: null })),
    "not yet valid": await doorward.token({ nbf: now + 3600 }),
    "a beginning in words": await raw(JSON.stringify({ ...decoded, nbf: String(now - 600) })),
    "a beginning past all numbers": await raw(JSON.stringify({ ...decoded, nbf: 0 }).replace('"nbf":0', '"nbf":1e999')),
    "claims that are a list": await raw("[]"),
    "claims that are null": await raw("null"),
    "claims that are no JSON": await raw("{"),
    "run out": await doorward.expired(),
    "run out an hour ago": await doorward.token({ iat: now - 4200, exp: now - 3600 }),
  };
}

async function signRaw(key: CryptoKey, header: string, payload: string): Promise<string> {
  const text = `${header}.${payload}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key as never, Buffer.from(text));
  return `${text}.${Buffer.from(signature).toString("base64url")}`;
}

async function signWithCrit(doorward: FakeDoorward): Promise<string> {
  const key = doorward.keys[0]!;
  const claims = JSON.parse(Buffer.from((await doorward.token()).split(".")[1]!, "base64url").toString()) as Record<string, unknown>;
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: key.kid, typ: "at+jwt", crit: ["new"], new: true })
    .sign(key.privateKey, { crit: { new: true } });
}
