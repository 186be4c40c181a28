import type { components } from "../generated.js";
import type { CurrentSession, EnrolledAnswer, ErrorCode, Passkey, Phone, SignedInAnswer, SignInAnswer, TotpSetUp } from "../types.js";
import type { PasskeyEnrolment, PasskeySecondStep, PasskeySignInOptions } from "./passkey.js";
import { resultOf, type Result } from "./results.js";

export type {
  Activity,
  CurrentSession,
  EnrolledAnswer,
  EnrolmentRequiredAnswer,
  ErrorCode,
  Factors,
  MfaRequiredAnswer,
  Passkey,
  Phone,
  SessionDetails,
  SignedInAnswer,
  SignInAnswer,
  TotpSetUp,
  User,
} from "../types.js";
export type { PasskeySignInOptions } from "./passkey.js";
export type { AuthError, Result } from "./results.js";
export { safeRedirect } from "../shared/safe-redirect.js";

type Schemas = components["schemas"];
/** What a person's form sends; the rest is seen to here. */
type Form<Name extends keyof Schemas> = Omit<Schemas[Name], "delivery" | "flow_token" | "challenge_response">;

export interface AuthEvents {
  /** Somebody signed in, in this tab or another. */
  "signed-in": undefined;
  /** The session ended: by a sign-out here or in another tab, or because Doorward said so (then with its code). */
  "signed-out": { code?: ErrorCode } | undefined;
  /** There are new tokens. */
  refreshed: undefined;
  /** Somebody proved once more who they are, or verified their address, in this tab or another: gates may answer otherwise now. */
  confirmed: undefined;
}

export interface AuthClientOptions {
  /** Where `handlers` are mounted. `"/api/auth"` by default. With a `basePath` of Next, that first. */
  basePath?: string;
}

export interface AuthClient {
  /** Look at `status`: only with `signed_in` is anybody signed in. */
  signIn(form: Form<"SignInRequest">): Promise<Result<SignInAnswer>>;
  /** Where the server has `sign_in.email`, as it has by default; else `not_found`. */
  emailSignIn: {
    /** Answers alike for every address. The mail's link and code work in this browser alone. */
    start(form: Form<"EmailSignInRequest">): Promise<Result<{ expires_in: number }>>;
    /** By the link's token, or by `email` and `code`. As with `signIn`, look at `status`. */
    verify(form: Form<"EmailSignInVerifyRequest">): Promise<Result<SignInAnswer>>;
  };
  /** The second step, where `status` was `mfa_required`. With `trust_device` this browser is not asked again for a while. */
  secondStep(form: Form<"SecondFactorRequest">): Promise<Result<SignedInAnswer>>;
  /**
   * Where `status` was `enrolment_required`: an authenticator app or a passkey is set up on the way in. `backup_codes` are shown
   * once, so keep the page open until they are kept.
   */
  enrolment: {
    start(form: Schemas["EnrolmentRequest"]): Promise<Result<TotpSetUp>>;
    /** The app counts from now on. Signs in. */
    confirm(form: Form<"ConfirmEnrolmentRequest">): Promise<Result<EnrolledAnswer>>;
    /** In place of an app, where `methods` name `passkey`: makes one, which is the second step from now on. Signs in. */
    passkey(form: PasskeyEnrolment): Promise<Result<EnrolledAnswer>>;
  };
  /** In place of the second step: it is lost. From `ready_at` on a mail's link removes the account's second factors. */
  recover(form: Schemas["RecoveryRequest"]): Promise<Result<Schemas["RecoveryAnswer"]>>;
  /** Answers alike for a known address: the mail tells. With `sign_up.verify_email = "later"` one is signed in at once. */
  signUp(form: Form<"SignUpRequest">): Promise<Result<Schemas["SignUpAnswer"] | SignInAnswer>>;
  /** Verify an address, by the link's token or by `email` and `code`. */
  verify(form: Form<"VerifyEmailRequest">): Promise<Result<SignInAnswer | { status: "verified" }>>;
  resendVerification(form: { email: string }): Promise<Result<undefined>>;
  forgotPassword(form: Schemas["ForgotRequest"]): Promise<Result<undefined>>;
  /** By the link's token, or by `email` and `code`. Ends all sessions of the account. */
  resetPassword(form: Schemas["ResetRequest"]): Promise<Result<undefined>>;
  /** Prove once more who one is: by `password`, or by `method` and `code`, which also makes a session `aal2`. */
  reauthenticate(form: Schemas["ReauthenticateRequest"]): Promise<Result<undefined>>;
  /** For who is signed in: an authenticator app beside the password, or in place of an earlier one. */
  totp: {
    /** Asks for a sign-in of the last ten minutes, else `reauthentication_required`. */
    start(): Promise<Result<TotpSetUp>>;
    /** It counts from now on, and the session is `aal2`. */
    confirm(form: Schemas["ConfirmTotpRequest"]): Promise<Result<{ backup_codes?: string[] | null }>>;
  };
  /** For codes by SMS, where the server has `sms.provider`; else `not_found`. */
  phone: {
    /** Sends one to the account's number: for `secondStep` with its `mfa_token`, without one for `reauthenticate`. */
    sendCode(form?: { mfa_token: string }): Promise<Result<undefined>>;
    /** For who is signed in: sends one to a number that is to be added. Asks for a proof of the last ten minutes. */
    add(form: Schemas["PhoneRequest"]): Promise<Result<undefined>>;
    /** The number counts as a second factor from now on, and the session is `aal2`. */
    verify(form: Schemas["PhoneVerifyRequest"]): Promise<Result<Phone & { backup_codes?: string[] | null }>>;
  };
  /** What goes wrong between browser and passkey has codes of its own: `passkey_cancelled`, `_exists`, `_refused`, `_unsupported`. */
  passkey: {
    /** For a button. Nobody is named: the browser offers what it has. */
    signIn(options?: PasskeySignInOptions): Promise<Result<SignInAnswer>>;
    /**
     * Offers passkeys beside the names that the browser fills in (`autocomplete="username webauthn"`), for as long as the page is
     * looked at. A later `signIn`, or `signal`, ends it with `passkey_cancelled`.
     */
    autofill(options?: PasskeySignInOptions): Promise<Result<SignInAnswer>>;
    /** The second step, where the `methods` of `mfa_required` name `passkey`. */
    secondStep(form: PasskeySecondStep): Promise<Result<SignedInAnswer>>;
    /** For who is signed in. Asks for a proof of the last ten minutes, else `reauthentication_required`. */
    add(options?: { name?: string }): Promise<Result<Passkey>>;
    /** One's own, the newest first. Where the browser can, it tells the password manager which are still good. */
    list(): Promise<Result<Passkey[]>>;
    /** As with `add`. The device is told as well, so that it offers no passkey that is gone. */
    remove(id: string): Promise<Result<undefined>>;
    /** Prove once more who one is. */
    reauthenticate(): Promise<Result<undefined>>;
  };
  /**
   * Ends this session, or with `everywhere` all of the account. All tabs are told. A session that has ended already ends no others:
   * that fails with 401, and this browser is signed out all the same.
   */
  signOut(options?: { everywhere?: boolean }): Promise<Result<undefined>>;
  /** New tokens, once for all callers in all tabs. Fails where there is no session. */
  refresh(): Promise<Result<unknown>>;
  /** Who is signed in, asked of Doorward; `null` for nobody. */
  session(): Promise<Result<CurrentSession | null>>;
  /**
   * Any call of the JSON API, such as `call("PATCH", "/v1/me", { given_name: "Ada" })`. Refreshes where that is needed, and
   * solves the challenge where one is asked for.
   */
  call<T = unknown>(method: string, path: string, body?: object): Promise<Result<T>>;
  /**
   * As the browser's own. Where an answer of this origin is 401 because the access token ran out, tokens are refreshed,
   * once for all callers in all tabs, and the request is sent again, with its body (up to 1 MiB, and no stream).
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** Whether a sign-out, or another sign-in, came after this page was asked for and unheard, so that it may show what was before. */
  missedSignOut(): boolean;
  /** Returns what takes the listener away. */
  on<E extends keyof AuthEvents>(event: E, listener: (detail: AuthEvents[E]) => void): () => void;
}

/** The name of the lock, of the channel, and of the time of the last refresh, for all tabs of an origin. */
const NAME = "doorward";
/** The name of the time of the last sign-in or sign-out. */
const CHANGED = "doorward-changed";
const SIGN_OUT = "/v1/sign-out";
/** How much of a body is kept, to be sent again. */
const BODY_LIMIT = 1024 * 1024;
/** How long a call of Doorward's may take, in milliseconds. Others wait for it. */
const PATIENCE = 30_000;

/** When a listener on this page last heard of a sign-in or sign-out, whichever client told it. */
let heardAt = 0;

export function createAuthClient({ basePath = "/api/auth" }: AuthClientOptions = {}): AuthClient {
  const listeners = new Set<(event: string, detail: unknown) => void>();
  // Client components are rendered on the server as well.
  const channel = typeof window === "object" && window.BroadcastChannel ? new BroadcastChannel(NAME) : undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let refreshedAt = 0;
  let isOut = false;

  const hear = (event: string, detail: unknown) => {
    isOut = event === "signed-out";
    if (listeners.size && event.startsWith("signed-")) heardAt = Date.now();
    for (const listener of [...listeners]) listener(event, detail);
  };
  // Anything of this origin may write there.
  if (channel) channel.onmessage = ({ data }: MessageEvent<unknown>) => Array.isArray(data) && hear(String(data[0]), data[1]);
  const tell = <E extends keyof AuthEvents>(event: E, detail?: AuthEvents[E]) => {
    const now = Date.now();
    if (event.startsWith("signed-")) storage()[CHANGED] = String(now);
    if (event !== "signed-out") {
      refreshedAt = now;
      storage()[NAME] = String(now);
    }
    channel?.postMessage([event, detail]);
    hear(event, detail);
  };

  /** One at a time in all tabs, or, without Web Locks (old browsers, plain http), in this one. */
  const alone = <T>(task: () => Promise<T>): Promise<T> => {
    if (navigator.locks) return navigator.locks.request(NAME, task) as Promise<T>;
    const turn = queue.then(task);
    queue = turn.catch(() => {});
    return turn;
  };

  const send = (method: string, path: string, body?: object, through = fetch): Promise<Response> =>
    through(basePath + path, {
      method,
      signal: AbortSignal.timeout(PATIENCE),
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });

  /** Unless another caller or tab has done so since `sentAt`. */
  const refresh = (sentAt = Date.now()): Promise<Result<unknown>> =>
    alone(async () => {
      const last = Math.max(refreshedAt, Number(storage()[NAME]) || 0);
      // A time to come is of a clock that was set back.
      if (last > sentAt && last <= Date.now()) return { ok: true, data: undefined };
      const ask = () => resultOf(send("POST", "/v1/token/refresh"));
      let result = await ask();
      // The answer got lost, and perhaps not the request: Doorward forgives the same token a second time.
      if (!result.ok && !result.error.status) result = await ask();
      if (result.ok) tell("refreshed");
      else if (result.error.status === 401) tell("signed-out", { code: result.error.code });
      return result;
    });

  const retrying = async (request: Request, codes: (string | false)[], replayable = true): Promise<Response> => {
    const spare = replayable && (await spareOf(request));
    const sentAt = Date.now();
    const response = await fetch(request);
    if (response.status !== 401 || !spare) return response;
    const { code } = (await response.clone().json().catch(() => ({}))) as { code?: string };
    return code && codes.includes(code) && (await refresh(sentAt)).ok ? fetch(spare) : response;
  };

  /** With the proof of work, where one is asked for. */
  const challenged = async <T>(ask: (extra?: object) => Promise<Result<T>>): Promise<Result<T>> => {
    const result = await ask();
    if (result.error?.code !== "challenge_required") return result;
    const puzzle = await resultOf<Schemas["ChallengeAnswer"]>(send("GET", "/v1/challenge"));
    if (!puzzle.ok) return puzzle;
    const { solve } = await import("./challenge.js");
    return ask({ challenge_response: await solve(puzzle.data.challenge, puzzle.data.difficulty) });
  };

  const call = <T>(method: string, path: string, body?: object): Promise<Result<T>> =>
    challenged((extra) =>
      resultOf<T>(
        send(method, path, extra ? { ...body, ...extra } : body, (url, init) =>
          retrying(new Request(url, init), ["token_expired"]),
        ),
      ),
    );

  /** What may begin a session: alone, or a refresh of the one before sets its cookies afterwards. */
  const enter = async <T>(path: string, form: object): Promise<Result<T>> => {
    const result = await challenged((extra) =>
      alone(() => resultOf<T>(send("POST", path, { ...form, ...extra }))),
    );
    const status = (result.data as { status?: string } | undefined)?.status;
    if (status === "signed_in") tell("signed-in");
    // The token still says otherwise, and what gates refused so far is refused no more.
    if (status === "verified" && (await refresh()).ok) tell("confirmed");
    return result;
  };

  /** What gives this session other tokens: alone for the same reason, so the refresh comes before the lock is taken again. */
  const raise = async <T>(path: string, form: object): Promise<Result<T>> => {
    const sentAt = Date.now();
    const ask = () => challenged((extra) => alone(() => resultOf<T>(send("POST", path, { ...form, ...extra }))));
    let result = await ask();
    if (result.error?.code === "token_expired" && (await refresh(sentAt)).ok) result = await ask();
    if (result.ok) tell("confirmed");
    return result;
  };

  const leave = async (path: string, form?: object): Promise<Result<undefined>> => {
    const result = await alone(() => resultOf<undefined>(send("POST", path, form)));
    const { status, code } = result.error ?? {};
    // It had ended already, and what is left of it in this browser looks good for a while. A plain sign-out takes that back.
    if (status === 401) await alone(() => resultOf(send("POST", SIGN_OUT)));
    if (result.ok || status === 401) tell("signed-out", code && { code });
    return result;
  };

  /** Most visits need none of it. */
  const passkeys = () => import("./passkey.js");
  const tools = { call, enter, raise };

  return {
    signIn: (form) => enter("/v1/sign-in", form),
    emailSignIn: {
      start: (form) => call("POST", "/v1/sign-in/email", form),
      verify: (form) => enter("/v1/sign-in/email/verify", form),
    },
    secondStep: (form) => enter("/v1/sign-in/mfa", form),
    enrolment: {
      start: (form) => call("POST", "/v1/sign-in/enrol/totp", form),
      confirm: (form) => enter("/v1/sign-in/enrol/totp/confirm", form),
      passkey: async (form) => (await passkeys()).enrol(tools, form),
    },
    recover: (form) => call("POST", "/v1/recovery", form),
    reauthenticate: (form) => raise("/v1/reauthenticate", form),
    totp: {
      start: () => call("POST", "/v1/me/totp"),
      confirm: (form) => raise("/v1/me/totp/confirm", form),
    },
    phone: {
      sendCode: (form) => call("POST", form ? "/v1/sign-in/mfa/start" : "/v1/reauthenticate/start", { ...form, method: "sms" }),
      add: (form) => call("POST", "/v1/me/phone", form),
      verify: (form) => raise("/v1/me/phone/verify", form),
    },
    passkey: {
      signIn: async (options) => (await passkeys()).signIn(tools, options),
      autofill: async (options) => (await passkeys()).autofill(tools, options),
      secondStep: async (form) => (await passkeys()).secondStep(tools, form),
      add: async (options) => (await passkeys()).add(tools, options),
      list: async () => (await passkeys()).list(tools),
      remove: async (id) => (await passkeys()).remove(tools, id),
      reauthenticate: async () => (await passkeys()).reauthenticate(tools),
    },
    signUp: (form) => enter("/v1/sign-up", form),
    verify: (form) => enter("/v1/email/verify", form),
    resendVerification: (form) => call("POST", "/v1/email/verify/resend", form),
    forgotPassword: (form) => call("POST", "/v1/password/forgot", form),
    resetPassword: (form) => leave("/v1/password/reset", form),
    signOut: ({ everywhere } = {}) => leave(everywhere ? `${SIGN_OUT}/all` : SIGN_OUT),
    refresh: () => refresh(),
    async session() {
      const result = await call<CurrentSession | null>("GET", "/v1/session");
      return result.error?.status === 401 ? { ok: true, data: null } : result;
    },
    call,
    missedSignOut() {
      // How long ago a page was asked for, no change of the clock touches.
      return Number(storage()[CHANGED]) > Math.max(heardAt, Date.now() - performance.now());
    },
    fetch(input, init) {
      const request = new Request(input, init);
      if (new URL(request.url).origin !== location.origin) return fetch(request);
      // Nobody's browser needs to ask for new tokens again and again.
      const codes = ["token_expired", !isOut && "not_authenticated"];
      return retrying(request, codes, !(init?.body instanceof ReadableStream));
    },
    on(event, listener) {
      const heard = (name: string, detail: unknown) => name === event && listener(detail as never);
      listeners.add(heard);
      return () => void listeners.delete(heard);
    },
  };
}

/** Where none is allowed each tab refreshes for itself, and Doorward's grace lets it. */
function storage(): Record<string, string | undefined> {
  try {
    return localStorage;
  } catch {
    return {};
  }
}

/** The request once more, or nothing if its body is too large to be kept. */
async function spareOf(request: Request): Promise<Request | undefined> {
  const spare = request.clone();
  // Firefox shows no body, and sends no streams.
  const reader = request.clone().body?.getReader();
  for (let size = 0; reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > BODY_LIMIT) {
      void reader.cancel();
      void spare.body?.cancel();
      return undefined;
    }
  }
  return spare;
}
