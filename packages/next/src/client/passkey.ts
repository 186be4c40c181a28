// Passkeys (Web Authentication, Level 3). Loaded only where one is used.

import type { EnrolledAnswer, Passkey, PasskeyList, SignedInAnswer, SignInAnswer } from "../types.js";
import type { Result } from "./results.js";

export interface PasskeySignInOptions {
  /** Keep the session for longer on this device. A function is asked when the passkey is there. */
  remember?: boolean | (() => boolean);
  /** Ends the wait: the result is `passkey_cancelled` then. */
  signal?: AbortSignal;
}

export interface PasskeySecondStep {
  mfa_token: string;
  /** Ask this browser for no second factor for a while. */
  trust_device?: boolean;
}

export interface PasskeyEnrolment {
  mfa_token: string;
  /** At most 60 characters. Without one it is called after what keeps it. */
  name?: string;
}

/** What the rest of the client does for it. */
export interface Tools {
  call<T>(method: string, path: string, body?: object): Promise<Result<T>>;
  enter<T>(path: string, form: object): Promise<Result<T>>;
  raise<T>(path: string, form: object): Promise<Result<T>>;
}

interface Started {
  passkey_token: string;
  options: PublicKeyCredentialCreationOptionsJSON & PublicKeyCredentialRequestOptionsJSON;
}

interface Answered {
  proof: { passkey_token: string; credential: object };
  /** What passkeys belong to here. */
  rpId: string | undefined;
}

/** In milliseconds: before a challenge runs out (ten minutes), a wait that nobody has answered goes on with a new one. */
const RENEWAL = 8 * 60_000;

/** What offers passkeys beside the names that the browser fills in. A browser asks for one thing at a time. */
let waiting: AbortController | undefined;

/** Where a passkey was refused that had not asked who one is: there the next one is told to, until one is accepted. */
const strict = new Set<string>();

const START = "/v1/sign-in/passkey/start";
const FINISH = "/v1/sign-in/passkey/finish";
const SECOND_STEP = "/v1/sign-in/mfa";
const ENROLMENT = "/v1/sign-in/enrol/passkey";
const REAUTHENTICATE = "/v1/reauthenticate";

export async function signIn(tools: Tools, options: PasskeySignInOptions = {}): Promise<Result<SignInAnswer>> {
  waiting?.abort();
  waiting = undefined;
  return finish(tools, options, await prove(FINISH, () => tools.call("POST", START), options));
}

export async function autofill(tools: Tools, options: PasskeySignInOptions = {}): Promise<Result<SignInAnswer>> {
  const can = await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.();
  if (!can) return failure("NotSupportedError");
  for (;;) {
    waiting?.abort();
    const ours = (waiting = new AbortController());
    const stop = () => ours.abort();
    options.signal?.addEventListener("abort", stop);
    if (options.signal?.aborted) stop();
    let isOld = false;
    const renewal = setTimeout(() => {
      isOld = true;
      stop();
    }, RENEWAL);
    const how = { signal: ours.signal, mediation: "conditional" } as const;
    const result = await prove(FINISH, () => tools.call("POST", START), how);
    clearTimeout(renewal);
    options.signal?.removeEventListener("abort", stop);
    if (result.ok || !isOld || waiting !== ours) return finish(tools, options, result);
    await seen();
    if (waiting !== ours || options.signal?.aborted) return failure("AbortError");
  }
}

export async function secondStep(tools: Tools, { mfa_token, trust_device }: PasskeySecondStep): Promise<Result<SignedInAnswer>> {
  const step = { mfa_token, method: "passkey" };
  const answered = await prove(SECOND_STEP, () => tools.call("POST", `${SECOND_STEP}/start`, step));
  if (!answered.ok) return answered;
  const form = { ...step, ...answered.data.proof, ...(trust_device && { trust_device }) };
  return judged(SECOND_STEP, await tools.enter(SECOND_STEP, form));
}

export function enrol(tools: Tools, { mfa_token, name }: PasskeyEnrolment): Promise<Result<EnrolledAnswer>> {
  return making(async () => {
    const answered = await ceremony(() => tools.call("POST", `${ENROLMENT}/start`, { mfa_token }), "create");
    if (!answered.ok) return answered;
    return tools.enter(`${ENROLMENT}/finish`, { mfa_token, ...answered.data.proof, ...(name && { name }) });
  });
}

export function add(tools: Tools, { name }: { name?: string } = {}): Promise<Result<Passkey>> {
  return making(async () => {
    const answered = await ceremony(() => tools.call("POST", "/v1/me/passkeys/start"), "create");
    if (!answered.ok) return answered;
    return tools.call("POST", "/v1/me/passkeys/finish", { ...answered.data.proof, ...(name && { name }) });
  });
}

/** How many passkeys are being made, and how often one began or ended to be. */
let underWay = 0;
let turns = 0;

async function making<T>(make: () => Promise<T>): Promise<T> {
  const turn = (by: number) => ((underWay += by), turns++);
  turn(1);
  try {
    return await make();
  } finally {
    turn(-1);
  }
}

/** All of the account's, as nobody has more than a page of them. The password manager hears which are still good. */
export async function list(tools: Tools): Promise<Result<Passkey[]>> {
  const before = turns;
  const result = await tools.call<PasskeyList>("GET", "/v1/me/passkeys");
  if (!result.ok) return result;
  // A list that was asked for meanwhile may not have the new one, and the device would drop that.
  if (!underWay && turns === before) tell(result.data.signals);
  return { ok: true, data: result.data.items };
}

export async function remove(tools: Tools, id: string): Promise<Result<undefined>> {
  const result = await tools.call<undefined>("DELETE", `/v1/me/passkeys/${encodeURIComponent(id)}`);
  if (result.ok) await list(tools);
  return result;
}

export async function reauthenticate(tools: Tools): Promise<Result<undefined>> {
  const answered = await prove(REAUTHENTICATE, () => tools.call("POST", `${REAUTHENTICATE}/start`, { method: "passkey" }));
  return answered.ok ? judged(REAUTHENTICATE, await tools.raise(REAUTHENTICATE, answered.data.proof)) : answered;
}

async function finish(tools: Tools, { remember }: PasskeySignInOptions, answered: Result<Answered>): Promise<Result<SignInAnswer>> {
  if (!answered.ok) return answered;
  const { rpId, proof } = answered.data;
  const keep = typeof remember === "function" ? remember() : remember;
  const result = judged(FINISH, await tools.enter<SignInAnswer>(FINISH, { ...proof, ...(keep && { remember: true }) }));
  // No account has it any more: the password manager need not offer it again (section 5.1.10.2).
  if (result.error?.code === "passkey_unknown" && rpId) {
    const credentialId = (proof.credential as { id: string }).id;
    signal("UnknownCredential", { rpId, credentialId });
  }
  return result;
}

/** Which passkeys are still good, and what the account is called now: what was removed here goes there, too (section 5.1.10). */
function tell({ rpId, userId, name, displayName, allAcceptedCredentialIds }: PasskeyList["signals"]): void {
  signal("AllAcceptedCredentials", { rpId, userId, allAcceptedCredentialIds });
  signal("CurrentUserDetails", { rpId, userId, name, displayName });
}

/** For browsers that know it. Nobody waits for a password manager, and what it makes of it nobody is told. */
function signal(what: string, told: object): void {
  type Signals = Record<string, ((told: object) => Promise<void> | undefined) | undefined>;
  const known = globalThis.PublicKeyCredential as unknown as Signals | undefined;
  void known?.[`signal${what}`]?.(told)?.catch(() => {});
}

interface How {
  signal?: AbortSignal;
  mediation?: "conditional";
}

/** By a passkey that there is, for `path`. */
function prove(path: string, ask: () => Promise<Result<Started>>, how?: How): Promise<Result<Answered>> {
  return ceremony(ask, "get", how, strict.has(path));
}

/** What Doorward says to it. */
function judged<T>(path: string, result: Result<T>): Result<T> {
  if (result.ok) strict.delete(path);
  else if (result.error.code === "user_verification_required") strict.add(path);
  return result;
}

/** Doorward's challenge, answered by the browser. */
async function ceremony(
  ask: () => Promise<Result<Started>>,
  kind: "get" | "create",
  how: How = {},
  isStrict = false,
): Promise<Result<Answered>> {
  if (!globalThis.PublicKeyCredential) return failure("NotSupportedError");
  const started = await ask();
  if (!started.ok) return started;
  const { passkey_token } = started.data;
  const options: Started["options"] = { ...started.data.options, ...(isStrict && { userVerification: "required" }) };
  try {
    const { signal, mediation } = how;
    const more = { ...(signal && { signal }), ...(mediation && { mediation }) };
    const credential =
      kind === "get"
        ? await navigator.credentials.get({ ...more, publicKey: forRequest(options) })
        : await navigator.credentials.create({ ...more, publicKey: forCreation(options) });
    if (!credential) return failure("NotAllowedError");
    const proof = { passkey_token, credential: plain(credential as PublicKeyCredential) };
    return { ok: true, data: { proof, rpId: options.rpId } };
  } catch (error) {
    return failure(error instanceof Error ? error.name : "");
  }
}

/** By the names that browsers give to what went wrong. */
const FAILURES: Record<string, readonly [code: string, detail: string]> = {
  NotAllowedError: ["passkey_cancelled", "That was cancelled, or took too long. Try again when you are ready."],
  InvalidStateError: ["passkey_exists", "This device has a passkey for your account already."],
  SecurityError: ["passkey_refused", "This address is not the one that passkeys belong to here."],
  NotSupportedError: ["passkey_unsupported", "This device or browser knows no passkeys of the kind that is needed."],
};
const ALIKE: Record<string, string> = { AbortError: "NotAllowedError", ConstraintError: "NotSupportedError", TypeError: "NotSupportedError" };

function failure(name: string): Result<never> {
  const [code, detail] = FAILURES[ALIKE[name] ?? name] ?? ["unavailable", "Something went wrong between this page and your passkey. Try again."];
  return { ok: false, error: { code, detail, status: 0, fields: {}, retryAfter: undefined } };
}

async function seen(): Promise<void> {
  while (document.visibilityState !== "visible") {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

// The JSON forms (section 5.1.8 and 5.1.9), for browsers that can't read or write them by themselves.

function reader(): Partial<typeof PublicKeyCredential> {
  return PublicKeyCredential;
}

function forRequest(options: Started["options"]): PublicKeyCredentialRequestOptions {
  const parsed = reader().parseRequestOptionsFromJSON?.(options);
  if (parsed) return parsed;
  const { challenge, allowCredentials = [] } = options;
  return { ...options, challenge: bytes(challenge), allowCredentials: allowCredentials.map(known) } as object as PublicKeyCredentialRequestOptions;
}

function forCreation(options: Started["options"]): PublicKeyCredentialCreationOptions {
  const parsed = reader().parseCreationOptionsFromJSON?.(options);
  if (parsed) return parsed;
  const { challenge, user, excludeCredentials = [] } = options;
  return {
    ...options,
    challenge: bytes(challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: excludeCredentials.map(known),
  } as object as PublicKeyCredentialCreationOptions;
}

function known(one: PublicKeyCredentialDescriptorJSON): object {
  return { ...one, id: bytes(one.id) };
}

function plain(credential: PublicKeyCredential): object {
  // Some password managers put a credential of their own in place, whose `toJSON` does not work.
  try {
    const json = credential.toJSON() as { response?: { clientDataJSON?: string } };
    if (json.response?.clientDataJSON) return json;
  } catch {
    // Then by hand.
  }
  const { id, rawId, type } = credential;
  const response = credential.response as unknown as Record<string, ArrayBuffer | null> & { getTransports?(): string[] };
  const written: Record<string, unknown> = {};
  for (const member of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[member]) written[member] = text(response[member]);
  }
  if (response.getTransports) written["transports"] = response.getTransports();
  return { id, rawId: text(rawId), type, response: written };
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
