import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";

export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: unknown;
}

export interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

export const ISSUER = "http://localhost:3000";
export const USER = "user_0198a7c2f3b47c1e9d5a6b7c8d9e0f10";
export const SESSION = "session_0198a7c2f3b47c1e9d5a6b7c8d9e0f11";

export async function newKey(alg = "ES256", kid = `${alg}-${Math.random()}`): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** What a Doorward answers, as far as this package asks it, with real keys and signatures. */
export class FakeDoorward {
  readonly asked: Asked[] = [];
  keys: SigningKey[] = [];
  /** Answers in place of what is below. */
  answer: (asked: Asked, response: ServerResponse) => Answer | undefined | Promise<Answer | undefined> = () => undefined;
  roles: string[] = ["user"];
  permissions: string[] = [];
  emailVerified = true;
  mfaEnabled = false;
  #server: Server | undefined;
  #port = 0;

  static async start(): Promise<FakeDoorward> {
    const fake = new FakeDoorward();
    fake.keys = [await newKey()];
    await fake.listen();
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const asked = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
        this.asked.push(asked);
        void this.#respond(asked, response);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  count(path: string): number {
    return this.asked.filter((asked) => asked.path === path).length;
  }

  /** An access token; `claims` and `header` change what is in it. */
  token(claims: Record<string, unknown> = {}, { key = this.keys[0]!, header = {} as Record<string, unknown> } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = {
      iss: ISSUER,
      sub: USER,
      aud: ISSUER,
      exp: now + 600,
      iat: now,
      jti: "x",
      sid: SESSION,
      client_id: "doorward",
      scope: "openid profile email",
      auth_time: now,
      amr: ["pwd"],
      acr: "aal1",
      email_verified: true,
      ...claims,
    };
    return new SignJWT(all).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "at+jwt", ...header }).sign(key.privateKey);
  }

  expired(): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return this.token({ iat: now - 601, exp: now - 1 });
  }

  async #respond(asked: Asked, response: ServerResponse): Promise<void> {
    const answer = (await this.answer(asked, response)) ?? (await this.#usual(asked));
    if (response.headersSent || response.destroyed) return;
    const { status = 200, headers = {}, body } = answer;
    const text = body === undefined ? "" : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(text);
  }

  async #usual({ path, headers }: Asked): Promise<Answer> {
    if (path === "/.well-known/jwks.json") return { body: { keys: this.keys.map((key) => key.jwk) } };
    if (path === "/v1/token/refresh") return this.renewed(headers.cookie);
    if (path === "/v1/session") {
      const user = { id: USER, email: "ada@example.com", email_verified: this.emailVerified, mfa_enabled: this.mfaEnabled, roles: this.roles, permissions: this.permissions };
      return { body: { user, session: { id: SESSION, auth_time: "2026-01-01T00:00:00Z", amr: ["pwd"], acr: "aal1" } } };
    }
    return problem(404, "not_found");
  }

  async renewed(cookie = ""): Promise<Answer> {
    const prefix = /(__Host-|__Secure-)?doorward_refresh=/.exec(cookie)?.[1] ?? "";
    const set = (name: string, value: string, age: number) =>
      `${prefix}doorward_${name}=${value}; Max-Age=${age}; Path=/; HttpOnly; SameSite=Lax${prefix && "; Secure"}`;
    return {
      headers: { "set-cookie": [set("access", await this.token({ jti: "renewed" }), 600), set("refresh", "dw_rt_new", 604800)] },
      body: { expires_in: 600 },
    };
  }
}

export function problem(status: number, code: string, headers: Record<string, string | string[]> = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
    body: { type: "about:blank", title: code, status, detail: code, code },
  };
}

/** How Doorward answers a refresh of a session that is over. */
export function over(code = "session_revoked"): Answer {
  const gone = ["access", "refresh"].map((name) => `doorward_${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`);
  return problem(401, code, { "set-cookie": gone });
}
