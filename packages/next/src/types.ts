import type { components } from "./generated.js";

type Schemas = components["schemas"];

/** The account, as `GET /v1/session` tells of it, with the app's own names for roles and permissions. */
export type User<Role extends string = string, Permission extends string = string> = Omit<
  Schemas["User"],
  "roles" | "permissions"
> & { roles: Role[]; permissions: Permission[] };

/** Who is signed in. Plain data: a server component may hand it to a client component. */
export interface Session<Role extends string = string, Permission extends string = string> {
  /** The session's id, `session_…`. */
  id: string;
  /** The account's id, `user_…`. */
  userId: string;
  /** Whether the e-mail address was verified when the access token was made. */
  emailVerified: boolean;
  /** When the person last proved who they are, in seconds since 1970. */
  authTime: number;
  /** How (RFC 8176). */
  amr: string[];
  /** `aal1` or `aal2`. */
  acr: string;
  /** The account with name, roles and permissions: only where Doorward was asked. The token alone carries no rights. */
  user: User<Role, Permission> | null;
}

/** A session that Doorward was asked about while this request was answered. */
export type CheckedSession<Role extends string = string, Permission extends string = string> = Session<
  Role,
  Permission
> & { user: User<Role, Permission> };

/** What the calls of the JSON API answer with. */
export type CurrentSession = Schemas["CurrentSession"];
export type SessionDetails = Schemas["Session"];

/** Through: the session has begun. */
export type SignedInAnswer = Schemas["SignedInAnswer"] & { status: "signed_in" };
/** Nobody is signed in yet: `mfa_token` goes to `secondStep`. */
export type MfaRequiredAnswer = Schemas["SecondFactorAnswer"] & { status: "mfa_required" };
/** Nobody is signed in yet: the account needs a second factor and has none. `mfa_token` goes to `enrolment`. */
export type EnrolmentRequiredAnswer = Schemas["SecondFactorAnswer"] & { status: "enrolment_required" };
/** Through, with a second factor from now on. `backup_codes` are shown once, and absent where the account has a set already. */
export type EnrolledAnswer = SignedInAnswer & Pick<Schemas["EnrolledAnswer"], "backup_codes">;
/** How a sign-in goes on, told apart by `status`. */
export type SignInAnswer = SignedInAnswer | MfaRequiredAnswer | EnrolmentRequiredAnswer;

/** What an authenticator app is told, once: `qr_svg` as a picture, `secret` to be typed. */
export type TotpSetUp = Schemas["TotpSetUp"];
/** One's second factors, as `GET /v1/me/factors` lists them. */
export type Factors = Schemas["FactorsAnswer"];

/** The number for codes by SMS, and one that waits for its code, as `GET /v1/me/phone` tells of them. */
export type Phone = Schemas["Phone"];
/** Something that happened to the account, as `GET /v1/me/activity` lists it. */
export type Activity = Schemas["Activity"];

/** One of the account's passkeys, as `GET /v1/me/passkeys` lists them. */
export interface Passkey {
  /** `passkey_…`. */
  id: string;
  /** What its authenticator calls it, in base64url. */
  credential_id: string;
  name: string;
  /** What keeps it, as far as it says so. */
  provider?: string | null;
  created_at: string;
  last_used_at?: string | null;
  /** Whether it is synced to other devices. */
  backed_up: boolean;
}

/** What `GET /v1/me/passkeys` answers. `signals` is what a browser tells its password manager: `passkey.list()` does so. */
export type PasskeyList = Omit<Schemas["PasskeyList"], "items"> & { items: Passkey[] };

/** The codes in use, which are never renamed. New ones may come. */
export type ErrorCode = Schemas["ErrorCode"] | (string & {});

export type FieldProblem = Schemas["FieldProblem"];
export type Problem = Schemas["Problem"];
